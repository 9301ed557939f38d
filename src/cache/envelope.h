#pragma once
// The wrapping of every JSON entry of the cache: {"data": …, "cached_at": "…"}, as the original
// writes it.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "json/json.h"

namespace cloudfolio::cache {

// Compact JSON text in which every character beyond ASCII is \uXXXX (surrogate pairs beyond
// U+FFFF), keys in their order: Python's json.dumps(value, separators=(",", ":")).
std::string write_ascii(const json::Value& value);

// `data` is JSON text as write_ascii makes it.
std::string wrap(std::string_view data, Clock::WallTime cached_at);

struct Unwrapped {
  json::Value data;
  std::optional<Clock::WallTime> cached_at;
};
// Reads what wrap() wrote, and what every version of the original wrote: keys in any order,
// `cached_at` with a zone, without one (read as UTC) or absent. Errors: corrupt (not JSON, not an
// object, no `data`).
Result<Unwrapped> unwrap(std::string_view text);

}  // namespace cloudfolio::cache

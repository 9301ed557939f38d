#pragma once
// Times as the original's Python printed them with isoformat().

#include <string>

#include "base/clock.h"
#include "base/time_text.h"

namespace cloudfolio::gateway {

// "2026-01-01T00:00:00": without an offset.
inline std::string naive_time(Clock::WallTime time) {
  std::string text = to_text(time);
  text.pop_back();  // The Z.
  return text;
}

// "2026-01-01T00:00:00+00:00".
inline std::string aware_time(Clock::WallTime time) {
  return naive_time(time) + "+00:00";
}

}  // namespace cloudfolio::gateway

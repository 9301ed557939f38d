#pragma once
// How values lie in the database's columns; the bytes are in docs/formats/embedded-store.md.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "storage/blob_store.h"
#include "storage/table.h"

namespace cloudfolio::storage::embedded {

// Microseconds since the Unix epoch.
std::int64_t to_us(Clock::WallTime time);
Clock::WallTime from_us(std::int64_t us);

// A 64-bit number as "0x" and 16 upper-case hex digits; nullopt for anything else.
std::string to_tag(std::int64_t number);
std::optional<std::int64_t> from_tag(std::string_view text);

// One line "name=value" for each, each ended by a newline.
std::string to_text(const Metadata& metadata);
Metadata metadata_from(std::string_view text);

// All values of an entity; corrupt if the bytes are none of ours.
std::string to_bytes(const Values& values);
Result<Values> values_from(std::string_view bytes);

}  // namespace cloudfolio::storage::embedded

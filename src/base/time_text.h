#pragma once
// Wall time as text: RFC 3339 in UTC ("2026-01-01T00:00:00.123456Z"), as everything we store and
// show writes it; and the forms that the original system and GitHub wrote, for reading.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace cloudfolio {

// "2026-01-01T00:00:00Z"; the fraction (6 digits) is written only where it is not zero.
std::string to_text(Clock::WallTime time);
// Reads RFC 3339 with Z, with an offset, or with none (read as UTC, as the original's naive times
// were on its servers), with 0 to 9 digits of fraction. Nothing else.
std::optional<Clock::WallTime> time_from(std::string_view text);
// Milliseconds since the Unix epoch, for tables.
std::int64_t to_unix_ms(Clock::WallTime time);
Clock::WallTime from_unix_ms(std::int64_t ms);

}  // namespace cloudfolio

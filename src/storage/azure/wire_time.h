#pragma once
// Times as the Blob and Queue services write them: "Sun, 06 Nov 1994 08:49:37 GMT".

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace cloudfolio::storage::azure {

// Nothing for any other form (RFC 9110's IMF-fixdate).
std::optional<Clock::WallTime> wire_time_from(std::string_view text);

}  // namespace cloudfolio::storage::azure

#include "storage/azure/wire_time.h"

#include <cstdio>
#include <string>

namespace cloudfolio::storage::azure {

std::optional<Clock::WallTime> wire_time_from(std::string_view text) {
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29) return std::nullopt;
  const std::string copy(text);
  unsigned day = 0, hour = 0, minute = 0, second = 0;
  int year = 0, end = 0;
  char month[4] = "";
  if (std::sscanf(copy.c_str(), "%*3[A-Za-z], %2u %3[A-Za-z] %4d %2u:%2u:%2u GMT%n", &day, month,
                  &year, &hour, &minute, &second, &end) != 6 ||
      end != 29)
    return std::nullopt;
  const std::size_t at = kMonths.find(month);
  if (at == std::string_view::npos || at % 3 != 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(at / 3 + 1)),
                                         std::chrono::day(day)};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return Clock::WallTime(std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(hour) +
                         std::chrono::minutes(minute) + std::chrono::seconds(second));
}

}  // namespace cloudfolio::storage::azure

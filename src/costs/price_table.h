#pragma once
// PriceTable: what a unit costs, by region and by day (docs/formats/price-table.md).
//
// Prices are whole picos (10^-12) of the currency for one unit, money is whole micros (10^-6): no
// floating point anywhere, so that adding parts gives the whole. A price holds from its day on
// until the next one of the same unit and region; region "*" serves where none of its own is.
//
// Errors: invalid_argument says which line; a hole (a unit without a price at that time) is an
// error of the table, found when it is read for units the table leaves out, and when it is asked
// for times before the first price. Nothing is ever taken to cost nothing.
// Threads: const is thread-safe.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace cloudfolio::costs {

enum class Unit : std::uint8_t {
  cpu_second,     // One processor for a second, as ordered.
  gib_second,     // One GiB of memory for a second, as ordered.
  request,        // One request that the gateway answered.
  storage_write,  // One write operation of the store.
  storage_read,   // One read operation of the store.
};
inline constexpr std::array kUnits{Unit::cpu_second, Unit::gib_second, Unit::request,
                                   Unit::storage_write, Unit::storage_read};
std::string_view to_string(Unit unit);

class PriceTable {
 public:
  static Result<PriceTable> parse(std::string_view json);
  // The table that is part of the program.
  static const PriceTable& built_in();

  // Picos of the currency for one unit at that time. invalid_argument: a hole.
  Result<std::int64_t> price(Unit unit, std::string_view region, Clock::WallTime at) const;
  // What of a machine that ran for `ms` from `from` on is paid, in milliseconds: what is begun of a
  // step (`step_ms`, the longer of processors' and memory's) is paid whole. The same errors.
  Result<std::int64_t> paid_ms(std::string_view region, Clock::WallTime from,
                               std::int64_t ms) const;
  const std::string& version() const { return version_; }
  const std::string& currency() const { return currency_; }

 private:
  struct Line {
    Clock::WallTime from;
    std::int64_t picos = 0;
    std::int64_t step_ms = 1;
  };
  Result<Line> line(Unit unit, std::string_view region, Clock::WallTime at) const;
  std::string version_;
  std::string currency_;
  std::map<std::pair<Unit, std::string>, std::vector<Line>, std::less<>> lines_;
};

// Wide enough for money times a count.
__extension__ using Wide = __int128;

// Rounded to the nearest micro, halves up; of picos × quantity / 1000.
std::int64_t micros_for(std::int64_t picos_per_unit, std::int64_t quantity_milli);

}  // namespace cloudfolio::costs

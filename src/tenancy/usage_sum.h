#pragma once
// UsageSum: a meter's sum row as a value: everything ever counted, and the parts of its window.
//
// The window is counted in 24 parts. A part counts in full until all of it is out of the window, so
// that in any span of the window's length at most the limit is admitted, at whatever moment the
// span begins; the price is that what was used frees up to a 24th of the window late.

#include <cstdint>
#include <map>
#include <string>

#include "base/clock.h"
#include "storage/table.h"
#include "tenancy/meter.h"

namespace cloudfolio::tenancy {

inline constexpr int kWindowParts = 24;

struct UsageSum {
  std::int64_t total = 0;                      // of everything ever counted
  std::int64_t pruned = 0;                     // of it, what has no event row any more
  std::int64_t count = 0;                      // events ever counted
  std::map<std::int64_t, std::int64_t> parts;  // number of the part since 1970 → amount

  // Adds an event and forgets the parts that are out of the window at `now`.
  void add(Meter meter, Clock::WallTime now, std::int64_t amount);

  static UsageSum from(const storage::Entity& entity);
  storage::Values values() const;
};

// The part in which `time` lies; when it begins to be free again.
std::int64_t part_of(Meter meter, Clock::WallTime time);
Clock::WallTime part_frees_at(Meter meter, std::int64_t part);

}  // namespace cloudfolio::tenancy

#pragma once
// Collector: removes what no publication reaches any more, over all tenants, a slice at a time.
//
// Indexes, staged entries and notes of generations; models and their records; whatever is past its
// expires_at. Never a bundle, a counter or sync's memory; never a key that is not in kinds.h (the
// original's, anybody's).
//
// Promises: nothing that a publication names, or names for one step back, is removed, and nothing
//   younger than the grace period, which outlasts every run. A removal holds for exactly the entry
//   that was examined (If-Match): what was written again stays. Of a model the record goes first,
//   and the archive in a later round only, so that whoever looks for the model trains it again
//   rather than name one that is about to go.
// Time: ages are of the store's last_modified against the wall clock. After a jump of the wall
//   clock, which the steady clock betrays, nothing is removed for a grace period.
// Threads: one at a time. Several collectors, of several processes, do each other no harm.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/context.h"
#include "base/result.h"

namespace cloudfolio::cache {

class Cache;
class Store;

// Longer than any refresh, its waits for GitHub's limit included; shorter than the patience of a
// disk.
inline constexpr std::chrono::hours kCollectGrace{48};
// A record of a training that published nothing says "do not train on this again" for so long.
inline constexpr std::chrono::hours kRecordGrace{24 * 90};

class Collector {
 public:
  struct Options {
    std::chrono::seconds grace = kCollectGrace;
    std::size_t slice_count = 1'000;  // Entries examined by one run(), at most.
  };
  struct Slice {
    std::uint64_t examined_count = 0;
    std::uint64_t removed_count = 0;
    std::uint64_t removed_bytes = 0;
    bool round_ended = false;   // The next slice begins at the beginning.
    bool clock_jumped = false;  // Nothing is removed for now.
  };

  // Both outlive it.
  Collector(const Cache& cache, const Clock& clock, Options options);
  Collector(const Cache& cache, const Clock& clock) : Collector(cache, clock, Options{}) {}

  // Examines the next slice. Errors: the store's; the same slice is examined again next time.
  Result<Slice> run(const Context& ctx);

 private:
  struct Round;
  bool trusts_clock();

  const Cache& cache_;
  const Clock& clock_;
  const Options options_;
  std::string next_;
  struct Times {
    Clock::Instant steady;
    Clock::WallTime wall;
  };
  std::optional<Times> seen_;
  std::optional<Clock::Instant> jumped_at_;
};

}  // namespace cloudfolio::cache

#pragma once
// Pace: how much may be under way at once, and how fast.
//
// Threads: thread-safe. Lifetime: the clock outlives it.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>

#include "base/clock.h"
#include "base/context.h"
#include "base/result.h"

namespace cloudfolio::migrate {

// Returns at `until`, or earlier with cancelled or deadline_exceeded. Tests move their clock
// instead.
using Wait = std::function<Status(const Context& ctx, Clock::Instant until)>;
Wait wait_on(const Clock& clock);

class Pace {
 public:
  struct Limits {
    std::uint64_t memory_bytes;          // Of contents in memory at once.
    std::uint64_t bytes_per_second = 0;  // 0: as fast as it goes.
    std::uint64_t items_per_second = 0;
  };
  Pace(Limits limits, const Clock& clock, Wait wait);

  // Room for one content in memory; what is larger than all of it goes alone. Given back by Room's
  // end.
  class Room {
   public:
    Room(Pace& pace, std::uint64_t bytes) : pace_(&pace), bytes_(bytes) {}
    Room(Room&& other) noexcept
        : pace_(std::exchange(other.pace_, nullptr)), bytes_(other.bytes_) {}
    Room& operator=(Room&&) = delete;
    ~Room();

   private:
    Pace* pace_;
    std::uint64_t bytes_;
  };
  // Waits for room, then for this item's turn. `memory_bytes` of its `bytes` are in memory at once.
  Result<Room> enter(const Context& ctx, std::uint64_t bytes, std::uint64_t memory_bytes);
  Status wait(const Context& ctx, Clock::Instant until) const { return wait_(ctx, until); }
  const Clock& clock() const { return clock_; }

 private:
  Clock::Instant take_turn(std::uint64_t bytes);

  const Limits limits_;
  const Clock& clock_;
  const Wait wait_;
  std::mutex mutex_;
  std::condition_variable_any freed_;
  std::uint64_t in_memory_bytes_ = 0;
  Clock::Instant next_turn_{};
};

}  // namespace cloudfolio::migrate

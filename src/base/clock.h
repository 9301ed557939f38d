#pragma once
// Time comes in through the constructor, so that tests pass an hour in a microsecond.
//
// Steady time measures and bounds; wall time is stored and shown; the two never mix.

#include <atomic>
#include <chrono>

namespace cloudfolio {

class Clock {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

  virtual ~Clock() = default;
  virtual Instant now() const = 0;         // For measuring and for deadlines.
  virtual WallTime wall_time() const = 0;  // For storing and for showing. UTC.
};

// The machine's clocks. Thread-safe; one object serves a process.
class SystemClock final : public Clock {
 public:
  Instant now() const override;
  WallTime wall_time() const override;
};

// Stands still until told to move. Thread-safe. Starts at 2026-01-01T00:00:00Z.
class ManualClock final : public Clock {
 public:
  ManualClock();
  Instant now() const override;
  WallTime wall_time() const override;
  void advance(std::chrono::nanoseconds by);

 private:
  std::atomic<std::int64_t> passed_ns_{0};
};

}  // namespace cloudfolio

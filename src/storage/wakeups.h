#pragma once
// How wait_for_message waits where messages come from this process.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/context.h"
#include "base/result.h"
#include "storage/queue.h"

namespace cloudfolio::storage {

// Told of every message that becomes visible through this process; thread-safe.
class Wakeups {
 public:
  // When the next message becomes visible; nothing if there is none.
  using NextVisible = std::function<Result<std::optional<Clock::WallTime>>()>;

  explicit Wakeups(const Clock& clock) : clock_(clock) {}

  // Something was sent, given back or made visible.
  void notify();
  // As Queue::wait_for_message. `next_visible` is asked again at least every
  // Queue::kForeignRecheck, which finds other processes' messages, and follows a clock that does
  // not run by itself.
  Result<Wakeup> wait(const Context& ctx, Clock::Instant until, const NextVisible& next_visible);

 private:
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any notified_;
  std::uint64_t count_ = 0;
};

}  // namespace cloudfolio::storage

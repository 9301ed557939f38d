#include "storage/wakeups.h"

#include <algorithm>

#include "storage/rules.h"

namespace cloudfolio::storage {

void Wakeups::notify() {
  {
    const std::lock_guard lock(mutex_);
    ++count_;
  }
  notified_.notify_all();
}

Result<Wakeup> Wakeups::wait(const Context& ctx, Clock::Instant until,
                             const NextVisible& next_visible) {
  while (true) {
    // Before looking: what is sent in between is seen as a changed count.
    std::uint64_t seen = 0;
    {
      const std::lock_guard lock(mutex_);
      seen = count_;
    }
    CF_CHECK(check_context(ctx, clock_.now()));
    CF_TRY(const auto next, next_visible());
    if (next && *next <= clock_.wall_time()) return Wakeup::message;
    const Clock::Instant end = std::min(until, ctx.deadline());
    const Clock::Instant now = clock_.now();
    if (now >= until) return Wakeup::time_up;
    std::chrono::nanoseconds pause =
        std::min<std::chrono::nanoseconds>(Queue::kForeignRecheck, end - now);
    if (next) pause = std::min<std::chrono::nanoseconds>(pause, *next - clock_.wall_time());
    std::unique_lock lock(mutex_);
    notified_.wait_for(lock, ctx.stop_token(), pause, [&] { return count_ != seen; });
  }
}

}  // namespace cloudfolio::storage

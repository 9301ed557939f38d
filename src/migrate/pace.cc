#include "migrate/pace.h"

#include <algorithm>
#include <utility>

namespace cloudfolio::migrate {

namespace {

Status interrupted(const Context& ctx, Clock::Instant now) {
  if (ctx.stopped()) return Error(Code::cancelled, "stopped; run again to go on");
  if (now >= ctx.deadline()) return Error(Code::deadline_exceeded, "out of time; run again");
  return Done{};
}

Clock::Instant::duration share(std::uint64_t amount, std::uint64_t per_second) {
  if (per_second == 0) return {};
  return std::chrono::duration_cast<Clock::Instant::duration>(
      std::chrono::duration<double>(static_cast<double>(amount) / static_cast<double>(per_second)));
}

}  // namespace

Wait wait_on(const Clock& clock) {
  return [&clock](const Context& ctx, Clock::Instant until) -> Status {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_until(lock, ctx.stop_token(), std::min(until, ctx.deadline()), [] { return false; });
    return interrupted(ctx, clock.now());
  };
}

Pace::Pace(Limits limits, const Clock& clock, Wait wait)
    : limits_(limits), clock_(clock), wait_(std::move(wait)), next_turn_(clock.now()) {}

Pace::Room::~Room() {
  if (!pace_) return;
  {
    const std::scoped_lock lock(pace_->mutex_);
    pace_->in_memory_bytes_ -= bytes_;
  }
  pace_->freed_.notify_all();
}

// Turns are given out in order; each moves the next one by its own cost, so that the average holds
// however long single items take.
Clock::Instant Pace::take_turn(std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  const Clock::Instant turn = std::max(next_turn_, clock_.now());
  next_turn_ =
      turn + std::max(share(bytes, limits_.bytes_per_second), share(1, limits_.items_per_second));
  return turn;
}

Result<Pace::Room> Pace::enter(const Context& ctx, std::uint64_t bytes,
                               std::uint64_t memory_bytes) {
  {
    std::unique_lock lock(mutex_);
    const auto fits = [&] {
      return in_memory_bytes_ == 0 || in_memory_bytes_ + memory_bytes <= limits_.memory_bytes;
    };
    freed_.wait(lock, ctx.stop_token(), fits);
    CF_CHECK(interrupted(ctx, clock_.now()));
    in_memory_bytes_ += memory_bytes;
  }
  Room room(*this, memory_bytes);
  const Clock::Instant turn = take_turn(bytes);
  if (turn > clock_.now()) CF_CHECK(wait_(ctx, turn));
  return room;
}

}  // namespace cloudfolio::migrate

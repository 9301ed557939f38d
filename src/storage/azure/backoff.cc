#include "storage/azure/backoff.h"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>

#include "storage/azure/wire_time.h"
#include "storage/rules.h"

namespace cloudfolio::storage::azure {

using std::chrono::milliseconds;

std::optional<milliseconds> Backoff::pause(std::size_t attempt,
                                           std::optional<std::chrono::seconds> retry_after) const {
  if (attempt >= retries_.attempts_max) return std::nullopt;
  milliseconds whole = retries_.pause_first;
  for (std::size_t i = 1; i < attempt && whole < retries_.pause_max; ++i) whole *= 2;
  whole = std::min(whole, retries_.pause_max);
  // Half of it by chance: those who failed together do not come back together.
  const double share = 0.5 + 0.5 * random_.unit();
  milliseconds chosen(static_cast<milliseconds::rep>(static_cast<double>(whole.count()) * share));
  if (retry_after) {
    if (*retry_after > retries_.retry_after_max) return std::nullopt;
    chosen = std::max<milliseconds>(chosen, *retry_after);
  }
  return chosen;
}

Status wait(const Context& ctx, const Clock& clock, milliseconds pause) {
  CF_CHECK(check_context(ctx, clock.now()));
  if (ctx.deadline() != Clock::Instant::max() && clock.now() + pause >= ctx.deadline())
    return Error(Code::deadline_exceeded, "the deadline comes before the next attempt");
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, ctx.stop_token(), pause, [] { return false; });
  return check_context(ctx, clock.now());
}

std::optional<std::chrono::seconds> retry_after_from(std::string_view text, Clock::WallTime now) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size() && seconds >= 0)
    return std::chrono::seconds(seconds);
  const auto date = wire_time_from(text);
  if (!date) return std::nullopt;
  return std::max(std::chrono::seconds(0), std::chrono::ceil<std::chrono::seconds>(*date - now));
}

}  // namespace cloudfolio::storage::azure

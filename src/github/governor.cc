#include "github/governor.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>

#include "base/time_text.h"
#include "http/message.h"

namespace cloudfolio::github {
namespace {

constexpr std::chrono::seconds kAfterReset{1};
constexpr std::chrono::milliseconds kResetJitterMax{5'000};
constexpr std::chrono::seconds kSecondaryFirst{60};
constexpr std::chrono::minutes kSecondaryMax{30};

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7).
std::optional<Clock::WallTime> date_from(std::string_view text) {
  std::tm parts{};
  const std::string copy(text);
  if (!strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts)) return std::nullopt;
  return from_unix_ms(std::int64_t(timegm(&parts)) * 1'000);
}

}  // namespace

std::string_view to_string(Resource resource) {
  return resource == Resource::core ? "core" : "graphql";
}

std::optional<std::int64_t> number_from(std::string_view text) {
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<Governor::Turn> Governor::enter(const Context& ctx, Resource resource) {
  {
    std::unique_lock lock(mutex_);
    Lane& own = lane(resource);
    const auto free = [&] { return !own.busy; };
    const bool got = ctx.deadline() == Clock::Instant::max()
                         ? turns_.wait(lock, ctx.stop_token(), free)
                         : turns_.wait_until(lock, ctx.stop_token(), ctx.deadline(), free);
    if (!got)
      return ctx.stopped()
                 ? Error(Code::cancelled, "stopped while waiting for a turn at GitHub")
                 : Error(Code::deadline_exceeded, "no turn at GitHub before the deadline");
    own.busy = true;
  }
  Turn turn(*this, resource);
  CF_CHECK(wait_until_open(ctx, resource));
  return turn;
}

Status Governor::wait_until_open(const Context& ctx, Resource resource) {
  // Again and again: while one waits, another lane's answer may close this one for longer.
  while (true) {
    Clock::Instant until;
    {
      const std::lock_guard lock(mutex_);
      until = lane(resource).closed_until;
      if (until <= clock_.now()) return Done{};
      if (until - clock_.now() > wait_max_ || until > ctx.deadline())
        return limited_locked(resource);
    }
    CF_CHECK(pause_.until(ctx, until));
  }
}

void Governor::leave(Resource resource) {
  {
    const std::lock_guard lock(mutex_);
    lane(resource).busy = false;
  }
  turns_.notify_all();
}

void Governor::close(Lane& lane, std::chrono::nanoseconds length) {
  lane.closed_until = std::max(lane.closed_until, clock_.now() + length);
}

void Governor::note(Resource resource, const http::Headers& headers) {
  const auto number = [&](std::string_view name) {
    const auto text = headers.find(name);
    return text ? number_from(*text) : std::nullopt;
  };
  const auto limit = number("X-RateLimit-Limit");
  const auto remaining = number("X-RateLimit-Remaining");
  const auto reset = number("X-RateLimit-Reset");
  if (!limit || !remaining || !reset) return;
  const std::lock_guard lock(mutex_);
  Lane& own = lane(resource);
  RateLimit rate{std::string(to_string(resource)), *limit, *remaining,
                 number("X-RateLimit-Used").value_or(*limit - *remaining),
                 from_unix_ms(*reset * 1'000)};
  if (own.rate && own.rate->reset_at == rate.reset_at && own.rate->remaining < rate.remaining)
    rate = *own.rate;
  own.rate = rate;
  // GitHub's times are by GitHub's clock, and every answer says what that shows.
  const auto date = headers.find("Date");
  const auto left =
      rate.reset_at - (date ? date_from(*date) : std::nullopt).value_or(clock_.wall_time());
  if (rate.remaining > 0 || left.count() <= 0) return;
  own.closed_by_secondary = false;
  const auto jitter =
      std::chrono::milliseconds(std::int64_t(random_.unit() * double(kResetJitterMax.count())));
  close(own, left + kAfterReset + jitter);
}

void Governor::primary_limit(Resource resource, const http::Headers& headers) {
  note(resource, headers);
  const std::lock_guard lock(mutex_);
  Lane& own = lane(resource);
  if (own.closed_until > clock_.now()) return;
  // No usable header: the window is at most an hour, and a minute is the least that GitHub asks
  // for.
  own.closed_by_secondary = false;
  close(own, kSecondaryFirst);
}

void Governor::secondary_limit(std::optional<std::chrono::seconds> retry_after) {
  const std::lock_guard lock(mutex_);
  std::chrono::nanoseconds length = std::min<std::chrono::seconds>(
      kSecondaryFirst * (1 << std::min(strikes_count_, 10)), kSecondaryMax);
  ++strikes_count_;
  if (retry_after) length = *retry_after;
  // Everybody who was told the same time should not come back in the same moment.
  length += std::chrono::milliseconds(std::int64_t(random_.unit() * 1'000.0));
  for (Lane& each : lanes_) {
    each.closed_by_secondary = true;
    close(each, length);
  }
}

void Governor::went_through() {
  const std::lock_guard lock(mutex_);
  strikes_count_ = 0;
}

std::optional<RateLimit> Governor::rate(Resource resource) const {
  const std::lock_guard lock(mutex_);
  return lane(resource).rate;
}

std::optional<Clock::WallTime> Governor::resumes_locked(Resource resource) const {
  const Lane& own = lane(resource);
  const auto left = own.closed_until - clock_.now();
  if (left.count() <= 0) return std::nullopt;
  return std::chrono::ceil<std::chrono::seconds>(
      clock_.wall_time() + std::chrono::ceil<std::chrono::microseconds>(left));
}

std::optional<Clock::WallTime> Governor::resumes_at(Resource resource) const {
  const std::lock_guard lock(mutex_);
  return resumes_locked(resource);
}

Error Governor::limited(Resource resource) const {
  const std::lock_guard lock(mutex_);
  return limited_locked(resource);
}

Error Governor::limited_locked(Resource resource) const {
  const Lane& own = lane(resource);
  const auto resumes = resumes_locked(resource);
  const std::string until = resumes ? to_text(*resumes) : "soon";
  if (own.closed_by_secondary)
    return Error(Code::rate_limited,
                 "GitHub asked to slow down (a secondary rate limit); requests resume at " + until +
                     ". Nothing is lost: try again then");
  const std::string limit = own.rate ? " of " + std::to_string(own.rate->limit) + " an hour" : "";
  return Error(Code::rate_limited, "GitHub's " + std::string(to_string(resource)) + " budget" +
                                       limit + " is used up; requests resume at " + until +
                                       ". Try again then, or use a token with a larger budget");
}

}  // namespace cloudfolio::github

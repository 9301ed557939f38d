#pragma once
// Governor: one request at a time on each of GitHub's two lanes (REST's `core`, GraphQL), and none
// before a limit has passed.
//
// Promises: a lane that GitHub has closed (nothing left, Retry-After, a secondary limit) opens at
// the time that GitHub said and a little later, never before. A secondary limit closes both lanes.
// Within one window `remaining` never rises: an older answer may arrive late. Threads: thread-safe;
// enter() blocks. Errors: rate_limited when the lane opens too late to wait for (the message says
// when), cancelled, deadline_exceeded while waiting for one's turn.

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/context.h"
#include "base/random.h"
#include "base/result.h"
#include "github/pause.h"
#include "github/types.h"

namespace cloudfolio::http {
class Headers;
}

namespace cloudfolio::github {

enum class Resource : std::uint8_t { core, graphql };
inline constexpr std::size_t kResourcesCount = 2;
std::string_view to_string(Resource resource);

// "42"; nothing for anything else.
std::optional<std::int64_t> number_from(std::string_view text);

class Governor {
 public:
  Governor(const Clock& clock, Pause& pause, Random random, std::chrono::milliseconds wait_max)
      : clock_(clock), pause_(pause), random_(random), wait_max_(wait_max) {}

  // Holds the lane until destroyed.
  class Turn {
   public:
    Turn(Turn&& other) noexcept : governor_(other.governor_), resource_(other.resource_) {
      other.governor_ = nullptr;
    }
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (governor_) governor_->leave(resource_);
    }

   private:
    friend Governor;
    Turn(Governor& governor, Resource resource) : governor_(&governor), resource_(resource) {}
    Governor* governor_;
    Resource resource_;
  };
  Result<Turn> enter(const Context& ctx, Resource resource);

  // Reads the rate headers of an answer (not of a 401: those say nothing about the budget).
  void note(Resource resource, const http::Headers& headers);
  // The answer said that the primary budget is used up.
  void primary_limit(Resource resource, const http::Headers& headers);
  // The answer said to slow down: `retry_after`, else a minute, doubled each time in a row.
  void secondary_limit(std::optional<std::chrono::seconds> retry_after);
  // A request went through: the next secondary limit starts from a minute again.
  void went_through();

  std::optional<RateLimit> rate(Resource resource) const;
  std::optional<Clock::WallTime> resumes_at(Resource resource) const;
  // The error that enter() gives, if the lane is closed now.
  Error limited(Resource resource) const;

 private:
  struct Lane {
    bool busy = false;
    std::optional<RateLimit> rate;
    Clock::Instant closed_until{};
    bool closed_by_secondary = false;
  };
  Lane& lane(Resource resource) { return lanes_[std::size_t(resource)]; }
  const Lane& lane(Resource resource) const { return lanes_[std::size_t(resource)]; }
  void leave(Resource resource);
  void close(Lane& lane, std::chrono::nanoseconds length);
  Error limited_locked(Resource resource) const;
  std::optional<Clock::WallTime> resumes_locked(Resource resource) const;
  Status wait_until_open(const Context& ctx, Resource resource);

  const Clock& clock_;
  Pause& pause_;
  mutable std::mutex mutex_;
  std::condition_variable_any turns_;
  Random random_;
  const std::chrono::milliseconds wait_max_;
  std::array<Lane, kResourcesCount> lanes_;
  int strikes_count_ = 0;
};

}  // namespace cloudfolio::github

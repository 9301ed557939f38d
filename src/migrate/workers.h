#pragma once
// A few threads over one list, and trying again.

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "migrate/options.h"
#include "migrate/pace.h"

namespace cloudfolio::migrate {

// Calls work(i) for every i below `count` on `threads_count` threads; after an error no further one
// begins, and the first is returned.
template <class Work>
Status in_parallel(std::size_t threads_count, std::size_t count, const Work& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::optional<Error> first;
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      const Status done = work(i);
      if (done) continue;
      const std::scoped_lock lock(mutex);
      if (!first) first = done.error();
      next = count;
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < std::min(threads_count, count); ++i) threads.emplace_back(run);
    run();
  }
  if (first) return *first;
  return Done{};
}

inline bool may_pass(const Error& error) {
  return error.retryable() || error.code() == Code::deadline_exceeded;
}

// The pause before attempt `attempt` + 1; an error where there is none left.
inline Status pause_before_retry(const Context& ctx, const Pace& pace, const Options& options,
                                 int attempt, const Error& error) {
  if (!may_pass(error) || ctx.stopped() || attempt >= options.attempts_max) return error;
  return pace.wait(ctx, pace.clock().now() + options.retry_pause * (1 << (attempt - 1)));
}

// For calls that may be repeated as they are (reads).
template <class Call>
auto retrying(const Context& ctx, const Pace& pace, const Options& options, const Call& call)
    -> decltype(call()) {
  for (int attempt = 1;; ++attempt) {
    auto result = call();
    if (result) return result;
    CF_CHECK(pause_before_retry(ctx, pace, options, attempt, result.error()));
  }
}

}  // namespace cloudfolio::migrate

#pragma once
// ActivityWorker: takes activities from a queue and runs them in this process.
//
// For each message: claim the task, renew claim and message while it runs, keep the result, say so
// on the result queue, then remove the message, in this order, so that a death anywhere leaves
// something that the next worker goes on from.
//
// Promises:
//  - A result is kept once a task, by the worker that holds its claim (activity_results.h).
//  - A worker whose claim was lost (it stalled, somebody took over, nobody waits any more) asks its
//    activity to stop and keeps nothing.
//  - An activity without a beat() for `progress_limit` counts as hung: as above, and it is retried.
//  - A task that ended its worker `starts_max` times fails with Code::invalid_argument, which no
//    retry policy tries again, and its message is on `poison_queue` with the reason; so is a
//    message that cannot be read.
//  - A message that was written after its task had its result is put aside as replayed; one that is
//    only late, or delivered again, is dropped.
//  - With `retry_after` an activity's error that may pass (failure.h) puts its message back, and
//  the
//    last of `starts_max` counts as above; one that cannot pass puts the message aside at once,
//    unless it says that the caller may not (quota_exceeded, permission_denied, cancelled).
//  - Asked to stop, it gives back what runs; that start does not count.
// Threads:  `threads_count` of its own; beat() from any.
// Lifetime: registry, storage, clock and log outlive it. The destructor stops it.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "durable/registry.h"
#include "storage/storage.h"
#include "telemetry/log.h"

namespace cloudfolio::durable {

struct ActivityWorkerOptions {
  std::string queue;
  std::string poison_queue;  // Empty: the queue's name with "-poison".
  std::string result_queue = "activity-results";
  int threads_count = 1;
  std::chrono::seconds visibility{60};
  std::chrono::milliseconds renew_every{5'000};
  std::chrono::seconds progress_limit{0};  // 0: an activity need not say that it goes on.
  std::int64_t starts_max = 5;
  // Until the second try of an activity that failed, doubled for each one after; 0: the
  // orchestration is told of the first failure.
  std::chrono::seconds retry_after{0};
  // Asked before a task is claimed: conflict puts its message back for `put_back`, any other error
  // is the store's. Told when what was admitted is over: its result is kept and told, or it goes
  // back to others. Both may be empty.
  std::function<Status(const ActivityInfo&)> admit = {};
  std::function<void(const ActivityInfo&)> on_over = {};
  // Told of a failure after which the activity is tried again; may be empty.
  std::function<void(const ActivityInfo&, const Error&, std::int64_t starts_count)> on_retry = {};
  std::chrono::seconds put_back{1};
};

class ActivityWorker {
 public:
  struct Parts {
    const Registry& registry;
    storage::Storage& storage;
    const Clock& clock;
    telemetry::Log& log;
  };
  // Errors: invalid_argument: a queue's name.
  static Result<std::unique_ptr<ActivityWorker>> open(ActivityWorkerOptions options, Parts parts);
  ~ActivityWorker();

  // The activity of `instance` makes progress.
  void beat(const InstanceId& instance);
  // Asks running activities to stop, gives their messages back, joins. Idempotent.
  void stop();
  // Looks at one message on the caller's thread; false: there was none.
  Result<bool> run_one(const Context& ctx);
  // The same, and waits for one until `deadline` at most where there is none: for a process that
  // ends with its job.
  enum class Looked { nothing, dropped, ran };  // ran: an activity, with whatever end.
  Result<Looked> run_one_until(const Context& ctx, Clock::Instant deadline);

 private:
  class State;
  explicit ActivityWorker(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cloudfolio::durable

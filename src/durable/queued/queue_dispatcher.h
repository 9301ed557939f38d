#pragma once
// QueueDispatcher: activities of some pools run in other processes, reached through queues; all
// others on a dispatcher of this process.
//
// A task becomes a message on its pool's queue; its worker keeps the result and says so on the
// result queue. A task that was dispatched and not reported when the process ended is dispatched
// again by the next one, and gets the result that was kept meanwhile. One that nobody answered for
// `ask_again_after` is asked for once more: a message that got lost costs that time, and no task.
//
// Promises: dispatch() and cancel() do not block: a thread of the dispatcher sends, and tries again
// until the store takes the message. What a task gives is reported once.
// Threads:  as ActivityDispatcher says.
// Lifetime: registry, storage, clock and log outlive it; the results until stop().

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "durable/dispatcher.h"
#include "storage/storage.h"
#include "telemetry/log.h"

namespace cloudfolio::durable {

inline constexpr char kActivityResultQueue[] = "activity-results";

struct QueueDispatcherOptions {
  // Pool to queue; a pool that is not named here runs locally.
  std::map<std::string, std::string> queues;
  // Where workers say that a result is there. All are read, whoever was asked.
  std::vector<std::string> result_queues{kActivityResultQueue};
  // Between tries while the store refuses a message.
  std::chrono::milliseconds retry_after{200};
  // A message for a second asking lives for as long.
  std::chrono::seconds ask_again_after{1'800};
  std::chrono::milliseconds look_every{30'000};  // For what is to be asked for again.
  // Whether a task of a pool with a queue runs in this process all the same. Asked once a task,
  // when it is dispatched, on the scheduler's thread; may be empty.
  std::function<bool(const ActivityTask&)> runs_here = {};
  // Told after a task began or ceased to wait for a worker; from any thread, may be empty.
  std::function<void()> on_change = {};
};

// A task that was given to a queue and has not been reported.
struct WaitingTask {
  ActivityInfo info;
  Clock::WallTime since;  // When this process was given it.
};

class QueueDispatcher final : public ActivityDispatcher {
 public:
  struct Parts {
    const Registry& registry;
    storage::Storage& storage;
    const Clock& clock;
    telemetry::Log& log;
  };
  // Errors: invalid_argument: a queue's name.
  static Result<std::unique_ptr<QueueDispatcher>> open(QueueDispatcherOptions options, Parts parts,
                                                       std::unique_ptr<ActivityDispatcher> local);
  ~QueueDispatcher() override;

  void dispatch(ActivityTask task, ActivityResults& results) override;
  void cancel(const std::string& execution_id) override;
  void stop() override;
  std::size_t waiting_count() const override;
  // Of one pool, in no order: what waits in its queue, or is with a worker. Thread-safe.
  std::vector<WaitingTask> waiting(const std::string& pool) const;
  // Nobody will do what `instance` waits for: it is told `why` (unless a result is kept already),
  // and the messages about it are put aside with that reason. Returns at once. Thread-safe.
  void give_up(const std::string& instance, const Error& why);

 private:
  class Remote;
  QueueDispatcher(std::unique_ptr<Remote> remote, std::unique_ptr<ActivityDispatcher> local);

  std::unique_ptr<Remote> remote_;
  std::unique_ptr<ActivityDispatcher> local_;
};

}  // namespace cloudfolio::durable

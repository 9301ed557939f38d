#pragma once
// QueueDispatcher: activities of some pools run in other processes, reached through queues; all
// others on a dispatcher of this process.
//
// A task becomes a message on its pool's queue; its worker keeps the result and says so on the
// result queue. A task that was dispatched and not reported when the process ended is dispatched
// again by the next one, and gets the result that was kept meanwhile.
//
// Promises: dispatch() and cancel() do not block: a thread of the dispatcher sends, and tries again
// until the store takes the message. What a task gives is reported once.
// Threads:  as ActivityDispatcher says.
// Lifetime: registry, storage, clock and log outlive it; the results until stop().

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "durable/dispatcher.h"
#include "storage/storage.h"
#include "telemetry/log.h"

namespace cloudfolio::durable {

inline constexpr char kActivityResultQueue[] = "activity-results";

struct QueueDispatcherOptions {
  // Pool to queue; a pool that is not named here runs locally.
  std::map<std::string, std::string> queues;
  std::string result_queue = kActivityResultQueue;
  // Between tries while the store refuses a message.
  std::chrono::milliseconds retry_after{200};
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

 private:
  class Remote;
  QueueDispatcher(std::unique_ptr<Remote> remote, std::unique_ptr<ActivityDispatcher> local);

  std::unique_ptr<Remote> remote_;
  std::unique_ptr<ActivityDispatcher> local_;
};

}  // namespace cloudfolio::durable

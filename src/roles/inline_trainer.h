#pragma once
// InlineTrainer: the orchestrator trains what no worker took in time (capacity.fallback inline),
// one training at a time, on one core.
//
// It takes the training's message as any worker does, so that claim, result, tries and what is put
// aside are the same, and a worker that comes late finds nothing to do.
//
// Threads: one of its own. Lifetime: everything given outlives it. The destructor gives back what
// runs.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "durable/queued/activity_worker.h"
#include "durable/queued/queue_dispatcher.h"
#include "roles/remote_work.h"
#include "runtime/periodic_task.h"
#include "telemetry/log.h"

namespace cloudfolio::roles {

class InlineTrainer {
 public:
  static constexpr std::chrono::seconds kLookEvery{1};

  struct Parts {
    const Clock& clock;
    telemetry::Log& log;
    std::chrono::seconds patience;
    std::function<std::vector<durable::WaitingTask>()> waiting;
    // A worker without threads of its own.
    std::function<Result<std::unique_ptr<durable::ActivityWorker>>(TrainingHooks)> open_worker;
  };
  static Result<std::unique_ptr<InlineTrainer>> open(Parts parts);
  ~InlineTrainer();

 private:
  explicit InlineTrainer(Parts parts) : parts_(std::move(parts)) {}
  bool is_overdue(const durable::ActivityInfo& activity) const;
  void look(const std::stop_token& stop);

  const Parts parts_;
  std::unique_ptr<durable::ActivityWorker> worker_;
  std::unique_ptr<runtime::PeriodicTask> looking_;
};

}  // namespace cloudfolio::roles

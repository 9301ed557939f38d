#pragma once
// Where activities run: on a pool of this process (durable/embedded), or, through queues, in
// another.

#include <cstddef>
#include <string>

#include "base/id.h"
#include "base/result.h"
#include "durable/registry.h"

namespace cloudfolio::durable {

struct ActivityTask {
  ActivityInfo info;
  std::string version;
  std::string input;
  TraceId trace;
};

// Takes results. Thread-safe. A result for a task that is not (or no longer) waited for is ignored,
// so reporting one twice does no harm.
class ActivityResults {
 public:
  virtual ~ActivityResults() = default;
  virtual void report(const ActivityTask& task, Result<std::string> result) = 0;
};

// Runs activities at least once. Threads: dispatch() and cancel() come from the scheduler's thread
// and must not block; stop() and waiting_count() may come from another at the same time.
class ActivityDispatcher {
 public:
  virtual ~ActivityDispatcher() = default;
  // The task's TaskScheduled is durable. A task that was dispatched and not reported when the
  // process ended is dispatched again by the next one.
  virtual void dispatch(ActivityTask task, ActivityResults& results) = 0;
  // Nobody waits for this execution's tasks any more: ask them to stop, drop those not begun.
  virtual void cancel(const std::string& execution_id) = 0;
  // Asks every activity to stop, waits for those that run, drops the rest. No report follows.
  virtual void stop() = 0;
  // Tasks given and not reported yet.
  virtual std::size_t waiting_count() const = 0;
};

}  // namespace cloudfolio::durable

#pragma once
// Runs activities on threads of this process: one pool for each name that the registry gives.
//
// A pool's queue has no limit of its own: what is in it is in the log as well, and as small.
// Threads: dispatch() and cancel() from one thread; activities on the pools' threads. An activity
// that throws fails with Code::internal.
// Lifetime: registry, clock and metrics outlive it; `results` outlives it or its stop().

#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "durable/dispatcher.h"
#include "durable/embedded/metrics.h"

namespace cloudfolio::durable {

class PoolDispatcher final : public ActivityDispatcher {
 public:
  PoolDispatcher(const Registry& registry, const Clock& clock, int default_threads_count,
                 DurableMetrics& metrics);
  ~PoolDispatcher() override;

  void dispatch(ActivityTask task, ActivityResults& results) override;
  void cancel(const std::string& execution_id) override;
  void stop() override;
  std::size_t waiting_count() const override;

 private:
  class Pool;
  Pool& pool_of(const std::string& name);

  const Registry& registry_;
  const Clock& clock_;
  const int default_threads_count_;
  DurableMetrics& metrics_;
  std::map<std::string, std::unique_ptr<Pool>> pools_;
};

}  // namespace cloudfolio::durable

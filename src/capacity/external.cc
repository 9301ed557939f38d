#include "capacity/external.h"

#include <algorithm>
#include <set>

namespace cloudfolio::capacity {

ExternalCapacity::ExternalCapacity(const std::string& queue, const Clock& clock,
                                   telemetry::MetricRegistry& metrics)
    : clock_(clock),
      jobs_(metrics
                .gauges("cloudfolio_capacity_jobs",
                        "Jobs that wait for a worker or are held by one.", {{"queue", {queue}}})
                .with({queue})),
      tenants_(metrics
                   .gauges("cloudfolio_capacity_tenants",
                           "Tenants with such a job: as many workers are of use.",
                           {{"queue", {queue}}})
                   .with({queue})),
      oldest_seconds_(metrics
                          .gauges("cloudfolio_capacity_oldest_seconds",
                                  "For how long the oldest such job is there.",
                                  {{"queue", {queue}}})
                          .with({queue})) {}

Result<Pass> ExternalCapacity::ensure(const Context&, const Demand& demand) {
  std::set<TenantId> tenants;
  WallTime oldest = clock_.wall_time();
  for (const Job& job : demand.jobs) {
    tenants.insert(job.tenant);
    oldest = std::min(oldest, job.queued_at);
  }
  jobs_.set(static_cast<double>(demand.jobs.size()));
  tenants_.set(static_cast<double>(tenants.size()));
  oldest_seconds_.set(std::chrono::duration<double>(clock_.wall_time() - oldest).count());
  return Pass{};
}

}  // namespace cloudfolio::capacity

#pragma once
// ExternalCapacity: somebody else brings workers (KEDA, a Container Apps job, a fixed pool); what
// they scale by is made known: cloudfolio_capacity_jobs{queue,state} and the age of the oldest.

#include "base/clock.h"
#include "capacity/capacity.h"
#include "telemetry/metrics.h"

namespace cloudfolio::capacity {

class ExternalCapacity final : public Capacity {
 public:
  // Everything given outlives it.
  ExternalCapacity(const std::string& queue, const Clock& clock,
                   telemetry::MetricRegistry& metrics);

  Result<Pass> ensure(const Context& ctx, const Demand& demand) override;
  Result<std::vector<WorkerView>> observe(const Context&) override {
    return std::vector<WorkerView>{};
  }
  Status release(const Context&, const std::string&) override { return Done{}; }

 private:
  const Clock& clock_;
  telemetry::Gauge& jobs_;
  telemetry::Gauge& tenants_;
  telemetry::Gauge& oldest_seconds_;
};

}  // namespace cloudfolio::capacity

#pragma once
// Context: for whom, until when, under which trace, and how to stop. The first parameter of every
// call that may take time; never stored beyond the call, never in a thread-local.

#include <algorithm>
#include <chrono>
#include <stop_token>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/id.h"

namespace cloudfolio {

class Context {
 public:
  // No tenant (operator or start-up work), a deadline far away, never stopped.
  Context() = default;
  Context(TenantId tenant, Clock::Instant deadline, std::stop_token stop = {})
      : tenant_(std::move(tenant)), deadline_(deadline), stop_(std::move(stop)) {}

  // For policy and observation (quotas, logs, traces). The right to touch data is a capability
  // (cache/tenant_cache.h), not this.
  const TenantId& tenant() const { return tenant_; }
  Clock::Instant deadline() const { return deadline_; }
  bool stopped() const { return stop_.stop_requested(); }
  const std::stop_token& stop_token() const { return stop_; }
  const TraceId& trace() const { return trace_; }
  const InstanceId& instance() const { return instance_; }

  // A child never gets more than its parent had.
  Context with_deadline(Clock::Instant sooner) const {
    Context child = *this;
    child.deadline_ = std::min(sooner, deadline_);
    return child;
  }
  Context for_tenant(TenantId tenant) const {
    Context child = *this;
    child.tenant_ = std::move(tenant);
    return child;
  }
  Context with_trace(TraceId trace) const {
    Context child = *this;
    child.trace_ = std::move(trace);
    return child;
  }
  Context with_instance(InstanceId instance) const {
    Context child = *this;
    child.instance_ = std::move(instance);
    return child;
  }
  Context with_stop(std::stop_token stop) const {
    Context child = *this;
    child.stop_ = std::move(stop);
    return child;
  }

 private:
  TenantId tenant_;
  Clock::Instant deadline_ = Clock::Instant::max();
  std::stop_token stop_;
  TraceId trace_;
  InstanceId instance_;
};

}  // namespace cloudfolio

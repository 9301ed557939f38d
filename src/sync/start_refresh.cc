#include "durable/client.h"
#include "durable/status.h"
#include "sync/messages.h"
#include "sync/refresh.h"

namespace cloudfolio::sync {

namespace {

// Each attempt loses only to an instance that ended between two calls.
constexpr int kStartAttemptsMax = 10;

bool is_forced(const durable::OrchestrationState& state) {
  const auto input = json::parse_as<RefreshInput>(state.input);
  return input && input->force;
}

}  // namespace

InstanceId refresh_instance(const TenantId& tenant) {
  return InstanceId("refresh:" + tenant.str());
}

Result<StartedRefresh> start_refresh(const Context& ctx, durable::Client& client,
                                     const TenantId& tenant, Force force) {
  using Outcome = StartedRefresh::Outcome;
  const InstanceId instance = refresh_instance(tenant);
  RefreshInput input;
  input.login = tenant.str();
  input.force = force == Force::yes;
  for (int attempt = 0; attempt < kStartAttemptsMax; ++attempt) {
    durable::StartOptions options;
    options.name = kRefreshOrchestration;
    options.instance = instance;
    options.input = write(input);
    options.tags["tenant"] = tenant.str();
    const auto started = client.start(ctx, std::move(options));
    if (started) return StartedRefresh{instance, Outcome::started};
    if (started.error().code() != Code::conflict) return started.error();
    CF_TRY(const auto running, client.get(ctx, instance));
    if (!running || durable::is_terminal(running->status)) continue;
    if (force == Force::no || is_forced(*running)) return StartedRefresh{instance, Outcome::joined};
    CF_CHECK(client.raise_event(ctx, instance, kForceEvent, "{}"));
    // It may have ended before it saw the event: then the event is lost, and the instance free.
    CF_TRY(const auto after, client.get(ctx, instance));
    if (after && !durable::is_terminal(after->status))
      return StartedRefresh{instance, Outcome::successor_queued};
  }
  return Error(Code::unavailable,
               "the refresh of '" + tenant.str() + "' ends and begins too fast; try again");
}

}  // namespace cloudfolio::sync

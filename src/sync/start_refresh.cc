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

// Whether the run was told already to run once more, by this very request.
Result<bool> was_told(const Context& ctx, durable::Client& client, const InstanceId& instance,
                      const std::string& payload) {
  CF_TRY(const durable::History history, client.history(ctx, instance));
  for (const durable::HistoryEvent& event : history) {
    const auto* raised = std::get_if<durable::EventRaised>(&event.body);
    if (raised != nullptr && raised->input == payload) return true;
  }
  return false;
}

std::string force_payload(const StartRequest& request) {
  if (request.mark.empty()) return "{}";
  return json::write(json::Value{{"request", request.mark}});
}

}  // namespace

InstanceId refresh_instance(const TenantId& tenant) {
  return InstanceId("refresh:" + tenant.str());
}

Result<bool> was_started(const Context& ctx, durable::Client& client, const TenantId& tenant,
                         Force force, const StartRequest& request) {
  if (!request.first_made_at) return false;
  CF_TRY(const auto state, client.get(ctx, refresh_instance(tenant)));
  if (!state) return false;
  const bool live = !durable::is_terminal(state->status);
  if (!live && state->updated < *request.first_made_at) return false;
  if (force == Force::no || is_forced(*state)) return true;
  if (!live) return false;
  return was_told(ctx, client, refresh_instance(tenant), force_payload(request));
}

Result<StartedRefresh> start_refresh(const Context& ctx, durable::Client& client,
                                     const TenantId& tenant, Force force,
                                     const StartRequest& request) {
  using Outcome = StartedRefresh::Outcome;
  const InstanceId instance = refresh_instance(tenant);
  CF_TRY(const bool before, was_started(ctx, client, tenant, force, request));
  if (before) return StartedRefresh{instance, Outcome::joined};
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
    CF_CHECK(client.raise_event(ctx, instance, kForceEvent, force_payload(request)));
    // It may have ended before it saw the event: then the event is lost, and the instance free.
    CF_TRY(const auto after, client.get(ctx, instance));
    if (after && !durable::is_terminal(after->status))
      return StartedRefresh{instance, Outcome::successor_queued};
  }
  return Error(Code::unavailable,
               "the refresh of '" + tenant.str() + "' ends and begins too fast; try again");
}

}  // namespace cloudfolio::sync

// What a refresh's steps tell the tenancy.

#include "crypto/random_bytes.h"
#include "sync/accounts.h"
#include "sync/steps.h"

namespace cloudfolio::sync {

using tenancy::Meter;

Status RefreshSteps::settle_owner(const Context& ctx, const TenantId& tenant,
                                  github::Probe& answer) const {
  if (!services_.accounts || answer.unchanged) return Done{};
  if (!answer.page.empty())
    return services_.accounts->settle(ctx, tenant, answer.page.front().owner.node_id);
  // An empty list does not say whose it is. Where nothing is kept it does not matter.
  CF_TRY(const bool claimed, services_.accounts->is_claimed(ctx, tenant));
  if (!claimed) return Done{};
  CF_TRY(const github::Listing listing,
         services_.source.list(ctx, tenant.str(), github::Visibility::public_only));
  answer.usage += listing.usage;
  return services_.accounts->settle(ctx, tenant, listing.owner.node_id);
}

// A refresh keeps its start through retries and restarts; each pass of it asks anew.
std::string operation_of(const RefreshInput& input) {
  return "refresh:" + input.started_at + ":" + std::to_string(input.superseded_count) + ":" +
         std::to_string(input.limited_count);
}

std::string operation_of(const FetchInput& input) {
  const std::uint64_t hidden = input.hidden ? input.hidden->generation : 0;
  return "fetch:" + std::to_string(input.generation) + ":" + std::to_string(input.batch) +
         (hidden == 0 ? "" : ":" + std::to_string(hidden));
}

Status RefreshSteps::count_start(const Context& ctx, const TenantId& tenant,
                                 const RefreshInput& input) const {
  if (!services_.accounts) return Done{};
  return services_.accounts->count(ctx, tenant, Meter::orchestrations,
                                   "refresh:" + input.started_at, 1);
}

Status RefreshSteps::count_calls(const Context& ctx, const TenantId& tenant,
                                 const std::string& operation, const github::Usage& usage) const {
  if (!services_.accounts) return Done{};
  return services_.accounts->count(ctx, tenant, Meter::github_calls,
                                   operation.empty() ? "ask:" + crypto::random_hex(8) : operation,
                                   usage.requests_count);
}

}  // namespace cloudfolio::sync

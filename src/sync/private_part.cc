// The rights side of a refresh: which private places there may be, and when they go.

#include "sync/state.h"
#include "sync/steps.h"
#include "telemetry/log.h"

namespace cloudfolio::sync {

Result<cache::Place> place_named(const TenantId& tenant, const std::string& scope) {
  const auto known = cache::Scope::from(scope);
  if (!known) return Error(Code::invalid_argument, "a private part without scope");
  return cache::Place(tenant, *known);
}

std::optional<cache::Place> RefreshSteps::place_of(const TenantId& tenant,
                                                   const github::TokenOwner& owner) const {
  if (!services_.rights || owner.id == 0) return std::nullopt;
  return cache::Place(tenant, cache::Scope::of(services_.source.credential().api_url, owner.id));
}

Result<bool> RefreshSteps::private_agrees(const Context& ctx, const cache::Place& place,
                                          const SyncState& state) const {
  const cache::TenantCache cache = services_.cache.open(place);
  auto info = cache.publication_info(ctx);
  if (!info && info.error().code() == Code::not_found) return false;
  if (!info) return std::move(info).error();
  auto text = cache.find_sync_state(ctx);
  if (!text && text.error().code() != Code::corrupt) return std::move(text).error();
  if (!text || !*text) return false;
  const auto known = state_from_json(**text);
  return known && known->complete && known->generation == info->generation &&
         known->probe_etag == state.probe_etag;
}

Status RefreshSteps::remove_places(const Context& ctx, const TenantId& tenant,
                                   const std::vector<cache::Right>& rights,
                                   const std::optional<cache::Place>& kept) const {
  for (const cache::Right& right : rights) {
    if (kept && kept->scope == right.scope) continue;
    CF_CHECK(services_.rights->remove(ctx, services_.cache, cache::Place(tenant, right.scope)));
    services_.log.info(ctx, "sync.private_place_removed", {{"scope", right.scope.text()}});
  }
  return Done{};
}

}  // namespace cloudfolio::sync

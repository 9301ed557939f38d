#include "roles/housekeeping.h"

#include "roles/platform.h"

namespace cloudfolio::roles {
namespace {

// Lines of one turn; a turn with more tenants says how many it left out.
constexpr std::size_t kActivityLinesMax = 1'000;

}  // namespace

Housekeeping::Housekeeping(Platform& platform)
    : platform_(platform), collector_(platform.cache(), platform.clock()) {}

void Housekeeping::run(const Context& ctx) {
  maintain(ctx);
  collect(ctx);
  tell_activity(ctx);
}

void Housekeeping::maintain(const Context& ctx) {
  const Status done = platform_.storage().maintain(ctx);
  if (!done) platform_.log().warn(ctx, "store.maintenance_failed", {{"error", done.error()}});
}

void Housekeeping::collect(const Context& ctx) {
  const auto slice = collector_.run(ctx);
  if (!slice) {
    platform_.log().warn(ctx, "cache.collect_failed", {{"error", slice.error()}});
  } else if (slice->clock_jumped) {
    platform_.log().info(ctx, "cache.collect_paused", {{"reason", "the clock jumped"}});
  } else if (slice->removed_count > 0) {
    platform_.log().info(
        ctx, "cache.collected",
        {{"entries_count", slice->removed_count}, {"size_bytes", slice->removed_bytes}});
  }
}

void Housekeeping::tell_activity(const Context& ctx) {
  const auto activities = platform_.cache().drain_activity();
  std::size_t told = 0;
  for (const cache::TenantActivity& activity : activities) {
    if (told++ == kActivityLinesMax) break;
    platform_.log().info(ctx.for_tenant(activity.tenant), "cache.tenant_activity",
                         {{"hits", activity.hits},
                          {"misses", activity.misses},
                          {"stale", activity.stale},
                          {"conflicts", activity.conflicts},
                          {"read_bytes", activity.read_bytes},
                          {"written_bytes", activity.written_bytes}});
  }
  if (activities.size() > kActivityLinesMax)
    platform_.log().info(ctx, "cache.tenant_activity_cut",
                         {{"tenants_count", activities.size() - kActivityLinesMax}});
}

}  // namespace cloudfolio::roles

#include "cache/tally.h"

namespace cloudfolio::cache {

std::shared_ptr<TenantTally> Tallies::of(const TenantId& tenant) {
  auto tallies = tallies_.lock();
  if (const auto found = tallies->find(tenant); found != tallies->end()) return found->second;
  const TenantId counted = tallies->size() < kTalliesCountMax ? tenant : TenantId();
  auto& tally = (*tallies)[counted];
  if (!tally) tally = std::make_shared<TenantTally>();
  return tally;
}

std::vector<TenantActivity> Tallies::drain() {
  std::vector<TenantActivity> activities;
  auto tallies = tallies_.lock();
  for (auto at = tallies->begin(); at != tallies->end();) {
    TenantTally& tally = *at->second;
    // Whoever holds the tally may still count; without a holder nobody does.
    const bool held = at->second.use_count() > 1;
    TenantActivity activity;
    activity.tenant = at->first;
    activity.hits = tally.hits.exchange(0);
    activity.misses = tally.misses.exchange(0);
    activity.stale = tally.stale.exchange(0);
    activity.conflicts = tally.conflicts.exchange(0);
    activity.read_bytes = tally.read_bytes.exchange(0);
    activity.written_bytes = tally.written_bytes.exchange(0);
    if (activity.hits + activity.misses + activity.stale + activity.conflicts +
            activity.read_bytes + activity.written_bytes >
        0)
      activities.push_back(std::move(activity));
    at = held ? std::next(at) : tallies->erase(at);
  }
  return activities;
}

}  // namespace cloudfolio::cache

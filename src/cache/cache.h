#pragma once
// Opens one tenant's cache over a blob store.

#include <cstddef>
#include <memory>
#include <vector>

#include "base/id.h"
#include "base/limits.h"
#include "cache/legacy/old_app.h"
#include "cache/tally.h"
#include "cache/tenant_cache.h"

namespace cloudfolio {
class Clock;
}
namespace cloudfolio::storage {
class BlobStore;
}
namespace cloudfolio::telemetry {
class Log;
class MetricRegistry;
}  // namespace cloudfolio::telemetry

namespace cloudfolio::cache {

// The original's container.
inline constexpr char kContainer[] = "github-cache";

// What it borrows outlives it and every TenantCache that it opened. Thread-safe.
class Cache {
 public:
  struct Options {
    // Of published entries that queries keep in this process's memory (tier.h).
    std::size_t memory_bytes_max = 128 * kMiB;
    // Where a conflict is told, by tenant; outlives the cache. nullptr: nowhere.
    telemetry::Log* log = nullptr;
    OldAppSharing old_app = {};
  };

  Cache(storage::BlobStore& blobs, const Clock& clock, telemetry::MetricRegistry& metrics,
        Options options);
  Cache(storage::BlobStore& blobs, const Clock& clock, telemetry::MetricRegistry& metrics);

  // Only for a tenant that was authenticated, or whose public portfolio is asked for.
  // Reads what the store has now: for whoever writes upon what it reads.
  TenantCache open(const TenantId& tenant) const;
  // A place, private ones too: for whoever writes it, or found a live right (cache/rights.h).
  TenantCache open(const Place& place) const;
  // The same data, published entries from memory where they are fresh enough (TierRule): for
  // queries.
  TenantCache open_for_queries(const TenantId& tenant) const;
  TenantCache open_for_queries(const Place& place) const;

  // What each tenant did since the last call.
  std::vector<TenantActivity> drain_activity() const;
  // For whoever changed a blob without a TenantCache.
  void forget(const std::string& key) const;
  // The room's own.
  const Store& store() const { return *store_; }

 private:
  std::shared_ptr<const Store> store_;
};

}  // namespace cloudfolio::cache

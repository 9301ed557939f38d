#pragma once
// Opens one tenant's cache over a blob store.

#include <memory>

#include "base/id.h"
#include "cache/tenant_cache.h"

namespace cloudfolio {
class Clock;
}
namespace cloudfolio::storage {
class BlobStore;
}
namespace cloudfolio::telemetry {
class MetricRegistry;
}

namespace cloudfolio::cache {

// The original's container.
inline constexpr char kContainer[] = "github-cache";

// What it borrows outlives it and every TenantCache that it opened. Thread-safe.
class Cache {
 public:
  Cache(storage::BlobStore& blobs, const Clock& clock, telemetry::MetricRegistry& metrics);

  // Only for a tenant that was authenticated, or whose public portfolio is asked for.
  TenantCache open(const TenantId& tenant) const;
  // A place, private ones too: for whoever writes it, or found a live right (cache/rights.h).
  TenantCache open(const Place& place) const;

 private:
  std::shared_ptr<const Store> store_;
};

}  // namespace cloudfolio::cache

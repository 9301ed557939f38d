#pragma once
// Tallies: what each tenant's readers and writers did with the cache since somebody last asked.
//
// Prometheus gets no tenant as a label; this is where per-tenant figures come from instead. A role
// drains them regularly, into the log (event cache.tenant_activity) and wherever else it counts.
//
// Threads: thread-safe; counting takes no lock.

#include <atomic>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "base/id.h"

namespace cloudfolio::cache {

struct TenantTally {
  using Count = std::atomic<std::uint64_t>;
  Count hits = 0;    // Answered from memory or from the store.
  Count misses = 0;  // There was nothing, or it had expired.
  Count stale = 0;   // Answered from memory past its freshness.
  Count conflicts = 0;
  Count read_bytes = 0;
  Count written_bytes = 0;
};

struct TenantActivity {
  TenantId tenant;  // Empty: of all tenants beyond kTalliesCountMax.
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t stale = 0;
  std::uint64_t conflicts = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t written_bytes = 0;
};

class Tallies {
 public:
  // Tenants counted apart between two drains; the rest is counted together.
  static constexpr std::size_t kTalliesCountMax = 100'000;

  std::shared_ptr<TenantTally> of(const TenantId& tenant);
  // What was counted since the last drain, without tenants that did nothing.
  std::vector<TenantActivity> drain();

 private:
  Guarded<std::unordered_map<TenantId, std::shared_ptr<TenantTally>>> tallies_;
};

}  // namespace cloudfolio::cache

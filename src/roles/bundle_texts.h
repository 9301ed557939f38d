#pragma once
// BundleTexts: published bundles as the JSON text that routes send, kept while they are current.
//
// Threads: thread-safe. Bounded by bytes; the least recently asked tenants go first.

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/context.h"
#include "cache/tenant_cache.h"
#include "gateway/services.h"

namespace cloudfolio::roles {

class BundleTexts {
 public:
  explicit BundleTexts(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // The publication as it is now: asks the cache for its head, and for its body only where it changed.
  Result<gateway::PublishedBundle> get(const Context& ctx, const cache::TenantCache& tenant);
  // Without the body.
  Result<gateway::PublishedBundle> head(const Context& ctx, const cache::TenantCache& tenant);

 private:
  struct Entry {
    gateway::PublishedBundle bundle;
    std::list<TenantId>::iterator recent;
  };
  std::shared_ptr<const gateway::PublishedBundle> find(const TenantId& tenant, const std::string& etag);
  void keep(const TenantId& tenant, const gateway::PublishedBundle& bundle);
  void drop(std::map<TenantId, Entry>::iterator entry);

  const std::size_t bytes_max_;
  std::mutex mutex_;
  std::map<TenantId, Entry> entries_;
  std::list<TenantId> recent_;  // Most recent first.
  std::size_t bytes_ = 0;
};

}  // namespace cloudfolio::roles

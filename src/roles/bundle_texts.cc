#include "roles/bundle_texts.h"

#include "cache/bundle.h"

namespace cloudfolio::roles {
namespace {

gateway::PublishedBundle head_of(const cache::PublicationInfo& info) {
  gateway::PublishedBundle head;
  head.etag = info.etag;
  head.generation = info.generation;
  head.fingerprint = info.fingerprint;
  head.last_modified = info.last_modified;
  head.size_bytes = info.size_bytes;
  return head;
}

}  // namespace

Result<gateway::PublishedBundle> BundleTexts::get(const Context& ctx,
                                                  const cache::TenantCache& tenant) {
  CF_TRY(const auto info, tenant.publication_info(ctx));
  if (const auto kept = find(tenant.tenant(), info.etag)) return *kept;
  // Head and body of one read: a publication in between gives the newer of both.
  CF_TRY(const auto publication, tenant.read_publication(ctx));
  gateway::PublishedBundle bundle = head_of(publication.info);
  bundle.repository_count = publication.bundle->repositories.size();
  bundle.data = std::make_shared<const std::string>(cache::to_json(*publication.bundle));
  keep(tenant.tenant(), bundle);
  return bundle;
}

Result<gateway::PublishedBundle> BundleTexts::head(const Context& ctx,
                                                   const cache::TenantCache& tenant) {
  CF_TRY(const auto info, tenant.publication_info(ctx));
  return head_of(info);
}

std::shared_ptr<const gateway::PublishedBundle> BundleTexts::find(const TenantId& tenant,
                                                                  const std::string& etag) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(tenant);
  if (found == entries_.end() || found->second.bundle.etag != etag) return nullptr;
  recent_.splice(recent_.begin(), recent_, found->second.recent);
  return std::make_shared<const gateway::PublishedBundle>(found->second.bundle);
}

void BundleTexts::keep(const TenantId& tenant, const gateway::PublishedBundle& bundle) {
  const std::lock_guard lock(mutex_);
  if (const auto old = entries_.find(tenant); old != entries_.end()) drop(old);
  if (bundle.data->size() > bytes_max_) return;
  recent_.push_front(tenant);
  entries_.emplace(tenant, Entry{bundle, recent_.begin()});
  bytes_ += bundle.data->size();
  while (bytes_ > bytes_max_) drop(entries_.find(recent_.back()));
}

void BundleTexts::drop(std::map<TenantId, Entry>::iterator entry) {
  bytes_ -= entry->second.bundle.data->size();
  recent_.erase(entry->second.recent);
  entries_.erase(entry);
}

}  // namespace cloudfolio::roles

// The publication: reading it, and changing it by compare-and-set.

#include "cache/tenant_cache.h"

#include "base/ensure.h"
#include "cache/bundle_json.h"
#include "cache/cache.h"
#include "cache/envelope.h"
#include "cache/fingerprint.h"
#include "cache/keys.h"
#include "cache/publication_metadata.h"
#include "cache/store.h"

namespace cloudfolio::cache {

namespace {

// Index swaps of the same generation may get between; each attempt reads anew.
constexpr int kPublishAttemptsMax = 8;

Error nothing_published(const TenantId& tenant) {
  return Error(Code::not_found, "nothing is published for '" + tenant.str() + "'; sync it first");
}

Error damaged(const TenantId& tenant, Error error) {
  return std::move(error).while_doing("the bundle of '" + tenant.str() +
                                      "' is damaged; a refresh with --force writes it anew");
}

Error moved(const TenantId& tenant) {
  return Error(Code::conflict,
               "the publication of '" + tenant.str() + "' changed meanwhile; read it again");
}

// Not known whether it happened: look before saying that it did not.
bool is_in_doubt(Code code) {
  return code == Code::unavailable || code == Code::deadline_exceeded || code == Code::conflict;
}

EntryLabel label_of(const Place& place, const PublicationInfo& info) {
  return EntryLabel{EntryKind::bundle, place, info.fingerprint, info.generation,
                    metadata_of(info), {}};
}

// The state after a new generation took the place of `old` (nullptr: of nothing).
PublicationInfo succeeding(const PublicationInfo* old, const PublishRequest& request,
                           const Bundle& bundle) {
  PublicationInfo next;
  next.generation = request.generation;
  next.fingerprint = bundle_fingerprint(bundle);
  next.content = request.content;
  next.repository_count = bundle.repositories.size();
  if (!old) return next;
  next.index.model = old->index.model;
  next.stale_index = old->index.key.empty() ? old->stale_index : old->index.key;
  next.previous = old->previous;
  return next;
}

bool is_base(const PublicationInfo* found, const PublishRequest& request) {
  const std::uint64_t generation = found ? found->generation : 0;
  if (generation != request.base_generation) return false;
  return generation != 0 || (found ? found->etag : "") == request.base_etag;
}

}  // namespace

Cache::Cache(storage::BlobStore& blobs, const Clock& clock, telemetry::MetricRegistry& metrics,
             Options options) {
  Store::Options its_options;
  its_options.tier.bytes_max = options.memory_bytes_max;
  its_options.log = options.log;
  its_options.old_app = std::move(options.old_app);
  store_ = std::make_shared<Store>(blobs, clock, metrics, its_options);
}
Cache::Cache(storage::BlobStore& blobs, const Clock& clock, telemetry::MetricRegistry& metrics)
    : Cache(blobs, clock, metrics, Options{}) {}

TenantCache Cache::open(const TenantId& tenant) const {
  return TenantCache(store_, tenant, TenantCache::View::exact);
}
TenantCache Cache::open(const Place& place) const {
  return TenantCache(store_, place, TenantCache::View::exact);
}
TenantCache Cache::open_for_queries(const TenantId& tenant) const {
  return TenantCache(store_, tenant, TenantCache::View::shared);
}
TenantCache Cache::open_for_queries(const Place& place) const {
  return TenantCache(store_, place, TenantCache::View::shared);
}
std::vector<TenantActivity> Cache::drain_activity() const {
  return store_->tallies().drain();
}
void Cache::forget(const std::string& key) const {
  store_->forget(key);
}

TenantCache::TenantCache(std::shared_ptr<const Store> store, Place place, View view)
    : store_(std::move(store)), place_(std::move(place)), view_(view) {
  CF_ENSURE(!place_.tenant.empty(), "a cache for nobody");
  tally_ = store_->tallies().of(place_.tenant);
}

Result<PublicationInfo> TenantCache::publication_info(const Context& ctx) const {
  if (view_ == View::shared) {
    CF_TRY(const auto entry, store_->read_shared(ctx, EntryKind::bundle, place_, bundle_key(place_),
                                                 Tier::Part::properties, *tally_));
    if (!entry) return nothing_published(place_.tenant);
    return info_from(entry->body->blob.properties);
  }
  auto properties = store_->blobs().head(ctx, storage::BlobKey(bundle_key(place_)));
  if (properties) return info_from(*properties);
  if (properties.error().code() == Code::not_found) return nothing_published(place_.tenant);
  return std::move(properties).error();
}

namespace {

Result<Publication> decode(const TenantId& tenant, const storage::Blob& blob) {
  auto unwrapped = unwrap(blob.bytes);
  if (!unwrapped) return damaged(tenant, std::move(unwrapped).error());
  auto bundle = read_bundle(unwrapped->data);
  if (!bundle) return damaged(tenant, std::move(bundle).error());
  Publication publication;
  publication.info = info_from(blob.properties);
  publication.cached_at = unwrapped->cached_at.value_or(blob.properties.last_modified);
  publication.bundle = std::make_shared<const Bundle>(*std::move(bundle));
  return publication;
}

}  // namespace

Result<Publication> TenantCache::read_publication_shared(const Context& ctx) const {
  CF_TRY(const auto entry, store_->read_shared(ctx, EntryKind::bundle, place_, bundle_key(place_),
                                               Tier::Part::all, *tally_));
  if (!entry) return nothing_published(place_.tenant);
  const std::lock_guard lock(entry->body->parsing);
  if (!entry->body->publication) {
    CF_TRY(Publication publication, decode(place_.tenant, entry->body->blob));
    entry->body->publication = std::make_shared<const Publication>(std::move(publication));
  }
  return *entry->body->publication;
}

Result<Publication> TenantCache::read_publication(const Context& ctx) const {
  if (view_ == View::shared) return read_publication_shared(ctx);
  CF_TRY(const EntryRead read, store_->read(ctx, EntryKind::bundle, place_, bundle_key(place_)));
  if (read.status != EntryStatus::valid) return nothing_published(place_.tenant);
  return decode(place_.tenant, read.blob);
}

Result<std::optional<Publication>> TenantCache::read_if_changed(const Context& ctx,
                                                                std::string_view etag) const {
  CF_TRY(const PublicationInfo info, publication_info(ctx));
  if (info.etag == etag) return std::optional<Publication>();
  CF_TRY(Publication publication, read_publication(ctx));
  return std::optional<Publication>(std::move(publication));
}

Result<TenantCache::PublishedJson> TenantCache::read_publication_json(const Context& ctx) const {
  CF_TRY(const EntryRead read, store_->read(ctx, EntryKind::bundle, place_, bundle_key(place_)));
  if (read.status != EntryStatus::valid) return nothing_published(place_.tenant);
  auto unwrapped = unwrap(read.blob.bytes);
  if (!unwrapped) return damaged(place_.tenant, std::move(unwrapped).error());
  if (!unwrapped->data.is_array())
    return damaged(place_.tenant, Error(Code::corrupt, "a bundle is no JSON array"));
  return PublishedJson{info_from(read.blob.properties), write_ascii(unwrapped->data)};
}

Result<RepositoryEntry> TenantCache::read_repository(const Context& ctx,
                                                     std::string_view name) const {
  const auto publication = read_publication(ctx);
  if (!publication && publication.error().code() != Code::not_found) return publication.error();
  if (!publication) {
    CF_TRY(const auto old, find_old_repository(ctx, name));
    if (old) return *old;
    return publication.error();
  }
  if (const RepositoryEntry* entry = publication->bundle->find(name)) return *entry;
  return Error(Code::not_found,
               "no repository of that name in the portfolio of '" + place_.tenant.str() + "'");
}

Result<PublicationInfo> TenantCache::publish(const Context& ctx, const PublishRequest& request,
                                             const Bundle& bundle) const {
  CF_TRY(PublicationInfo info, replace(ctx, request, bundle));
  CF_CHECK(share_with_old_app(ctx, info, bundle));
  return info;
}

Result<PublicationInfo> TenantCache::replace(const Context& ctx, const PublishRequest& request,
                                             const Bundle& bundle) const {
  if (request.generation == 0 || request.generation <= request.base_generation)
    return Error(Code::invalid_argument,
                 "a publication needs a generation above the one it replaces");
  const std::string body = wrap(to_json(bundle), store_->clock().wall_time());
  for (int attempt = 1;; ++attempt) {
    auto found = publication_info(ctx);
    if (!found && found.error().code() != Code::not_found) return std::move(found).error();
    if (found && found->generation == request.generation) return *std::move(found);
    if (!is_base(found ? &*found : nullptr, request)) return moved(place_.tenant);
    const PublicationInfo next = succeeding(found ? &*found : nullptr, request, bundle);
    storage::PutIf condition = storage::Nothing{};
    if (found) condition = storage::Matches{storage::ETag(found->etag)};
    auto etag =
        store_->write_json(ctx, label_of(place_, next), bundle_key(place_), body, condition);
    if (etag) return publication_info(ctx);
    if (!is_in_doubt(etag.error().code()) || attempt == kPublishAttemptsMax)
      return std::move(etag).error();
    if (etag.error().code() != Code::conflict) {
      auto after = publication_info(ctx);
      if (after && after->generation == request.generation) return after;
      return std::move(etag).error();
    }
  }
}

Result<PublicationInfo> TenantCache::swap_index(const Context& ctx, std::string_view expected_etag,
                                                const IndexPointer& next) const {
  CF_TRY(EntryRead read, store_->read(ctx, EntryKind::bundle, place_, bundle_key(place_)));
  if (read.status != EntryStatus::valid) return nothing_published(place_.tenant);
  PublicationInfo info = info_from(read.blob.properties);
  if (info.index == next) return info;
  if (info.etag != expected_etag) return moved(place_.tenant);
  if (!is_index_key(place_, next.key) || generation_of(place_, next.key) != info.generation)
    return Error(Code::invalid_argument, "that is no index of generation " +
                                             std::to_string(info.generation) + " of '" +
                                             place_.tenant.str() + "'");
  if (next.model != info.index.model) {
    info.previous = info.index;
    // Of this generation that model has no index yet: its last one then.
    if (info.previous->key.empty()) info.previous->key = info.stale_index;
  }
  info.index = next;
  info.stale_index.clear();
  CF_CHECK(store_->write_json(ctx, label_of(place_, info), bundle_key(place_),
                              std::move(read.blob.bytes),
                              storage::Matches{read.blob.properties.etag}));
  return publication_info(ctx);
}

Result<PublicationInfo> TenantCache::step_back(const Context& ctx,
                                               std::string_view expected_etag) const {
  CF_TRY(EntryRead read, store_->read(ctx, EntryKind::bundle, place_, bundle_key(place_)));
  if (read.status != EntryStatus::valid) return nothing_published(place_.tenant);
  PublicationInfo info = info_from(read.blob.properties);
  if (info.etag != expected_etag) return moved(place_.tenant);
  if (!info.previous)
    return Error(Code::not_found, "'" + place_.tenant.str() + "' never had another model");
  IndexPointer back = *info.previous;
  info.previous = info.index;
  info.stale_index.clear();
  if (generation_of(place_, back.key) != info.generation) {
    info.stale_index = back.key;
    back.key.clear();
    back.coverage.clear();
  }
  info.index = back;
  CF_CHECK(store_->write_json(ctx, label_of(place_, info), bundle_key(place_),
                              std::move(read.blob.bytes),
                              storage::Matches{read.blob.properties.etag}));
  return publication_info(ctx);
}

}  // namespace cloudfolio::cache

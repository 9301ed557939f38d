#include "storage/memory/memory_blob_store.h"

#include "crypto/random_bytes.h"
#include "storage/rules.h"

namespace cloudfolio::storage {

namespace {

Error missing(const BlobKey& key) {
  return Error(Code::not_found, "there is no blob '" + key.str() + "'");
}

Clock::WallTime whole_seconds(Clock::WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time);
}

}  // namespace

Status MemoryBlobStore::check(const Context& ctx, const BlobKey& key) const {
  CF_CHECK(check_context(ctx, clock_.now()));
  return check_blob_key(key);
}

Result<Blob> MemoryBlobStore::get(const Context& ctx, const BlobKey& key) {
  CF_CHECK(check(ctx, key));
  auto state = state_.lock();
  const auto found = state->blobs.find(key.str());
  if (found == state->blobs.end()) return missing(key);
  return found->second.blob;
}

Result<std::optional<Blob>> MemoryBlobStore::get_if_changed(const Context& ctx, const BlobKey& key,
                                                            const ETag& known) {
  CF_CHECK(check(ctx, key));
  auto state = state_.lock();
  const auto found = state->blobs.find(key.str());
  if (found == state->blobs.end()) return missing(key);
  if (found->second.blob.properties.etag == known) return std::optional<Blob>();
  return std::optional<Blob>(found->second.blob);
}

Result<BlobProperties> MemoryBlobStore::head(const Context& ctx, const BlobKey& key) {
  CF_CHECK(check(ctx, key));
  auto state = state_.lock();
  const auto found = state->blobs.find(key.str());
  if (found == state->blobs.end()) return missing(key);
  return found->second.blob.properties;
}

Result<ETag> MemoryBlobStore::put(const Context& ctx, const BlobKey& key, std::string bytes,
                                  const PutOptions& options) {
  CF_CHECK(check(ctx, key));
  CF_CHECK(check_put(bytes, options));
  const auto now = clock_.wall_time();
  auto state = state_.lock();
  const auto found = state->blobs.find(key.str());
  const bool exists = found != state->blobs.end();
  CF_CHECK(
      check_condition(options.condition, exists ? &found->second.blob.properties.etag : nullptr));
  CF_CHECK(check_lease(exists ? found->second.lease : BlobLease{}, options.lease, now));
  Stored& stored = state->blobs[key.str()];
  if (!is_held(stored.lease, now)) stored.lease = {};
  stored.blob.properties = {.etag = ETag("0x" + std::to_string(++state->last_etag)),
                            .metadata = options.metadata,
                            .content_type = options.content_type,
                            .content_encoding = options.content_encoding,
                            .last_modified = whole_seconds(now),
                            .size_bytes = bytes.size()};
  stored.blob.bytes = std::move(bytes);
  return stored.blob.properties.etag;
}

Status MemoryBlobStore::remove(const Context& ctx, const BlobKey& key,
                               const RemoveOptions& options) {
  CF_CHECK(check(ctx, key));
  auto state = state_.lock();
  const auto found = state->blobs.find(key.str());
  const bool exists = found != state->blobs.end();
  if (const auto* matches = std::get_if<Matches>(&options.condition)) {
    CF_CHECK(check_condition(*matches, exists ? &found->second.blob.properties.etag : nullptr));
  }
  if (!exists) return Done{};
  CF_CHECK(check_lease(found->second.lease, options.lease, clock_.wall_time()));
  state->blobs.erase(found);
  return Done{};
}

Result<BlobPage> MemoryBlobStore::list(const Context& ctx, const ListOptions& options) {
  CF_CHECK(check_context(ctx, clock_.now()));
  CF_CHECK(check_list(options));
  BlobPage page;
  auto state = state_.lock();
  auto at = state->blobs.lower_bound(std::max(options.prefix, options.continuation));
  for (; at != state->blobs.end() && at->first.starts_with(options.prefix); ++at) {
    if (page.entries.size() == options.max_count) {
      page.continuation = at->first;
      break;
    }
    page.entries.push_back({BlobKey(at->first), at->second.blob.properties});
  }
  return page;
}

Result<LeaseId> MemoryBlobStore::acquire_lease(const Context& ctx, const BlobKey& key,
                                               std::chrono::seconds length) {
  CF_CHECK(check(ctx, key));
  CF_CHECK(check_lease_length(length));
  const auto now = clock_.wall_time();
  auto state = state_.lock();
  const auto found = state->blobs.find(key.str());
  if (found == state->blobs.end()) return missing(key);
  if (is_held(found->second.lease, now)) {
    return Error(Code::conflict, "blob '" + key.str() + "' is leased by somebody else");
  }
  found->second.lease = {LeaseId(crypto::random_uuid()), now + length, length};
  return found->second.lease.id;
}

Status MemoryBlobStore::renew_lease(const Context& ctx, const BlobKey& key, const LeaseId& lease) {
  CF_CHECK(check(ctx, key));
  auto state = state_.lock();
  const auto found = state->blobs.find(key.str());
  if (found == state->blobs.end()) return missing(key);
  CF_CHECK(check_renewal(found->second.lease, lease));
  found->second.lease.until = clock_.wall_time() + found->second.lease.length;
  return Done{};
}

Status MemoryBlobStore::release_lease(const Context& ctx, const BlobKey& key,
                                      const LeaseId& lease) {
  CF_CHECK(check(ctx, key));
  auto state = state_.lock();
  const auto found = state->blobs.find(key.str());
  if (found == state->blobs.end()) return missing(key);
  CF_CHECK(check_renewal(found->second.lease, lease));
  found->second.lease = {};
  return Done{};
}

Status MemoryBlobStore::break_lease(const Context& ctx, const BlobKey& key) {
  CF_CHECK(check(ctx, key));
  auto state = state_.lock();
  const auto found = state->blobs.find(key.str());
  if (found == state->blobs.end()) return missing(key);
  found->second.lease = {};
  return Done{};
}

}  // namespace cloudfolio::storage

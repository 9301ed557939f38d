// Clean-up of what refreshes and index builds leave behind.

#include <algorithm>

#include "cache/keys.h"
#include "cache/reach.h"
#include "cache/store.h"
#include "cache/tenant_cache.h"

namespace cloudfolio::cache {

Result<TenantCache::Collected> TenantCache::collect_generations(const Context& ctx,
                                                                std::chrono::seconds grace,
                                                                std::size_t count_max,
                                                                std::string from) const {
  const Clock::WallTime before = store_->clock().wall_time() - grace;
  storage::ListOptions options;
  options.prefix = generations_prefix(place_);
  options.continuation = std::move(from);
  options.max_count = std::clamp<std::size_t>(count_max, 1, storage::kBlobPageCountMax);
  CF_TRY(const storage::BlobPage page, store_->blobs().list(ctx, options));
  CF_TRY(const Reach reach, Reach::of(ctx, *store_, place_));
  Collected collected;
  collected.next = page.continuation;
  for (const storage::BlobEntry& entry : page.entries) {
    ++collected.examined_count;
    if (entry.properties.last_modified >= before) continue;
    if (reach.reaches(place_, entry.key.str())) continue;
    const Status removed =
        store_->remove(ctx, entry.key.str(), storage::Matches{entry.properties.etag});
    if (!removed && removed.error().code() == Code::conflict) continue;  // Written again.
    if (!removed) return removed.error();
    ++collected.removed_count;
    collected.removed_bytes += entry.properties.size_bytes;
  }
  return collected;
}

Result<TenantCache::Collected> TenantCache::remove_private(const Context& ctx,
                                                           std::size_t count_max,
                                                           std::string from) const {
  if (place_.scope.is_public())
    return Error(Code::invalid_argument, "a public place is not removed this way");
  CF_CHECK(store_->remove(ctx, bundle_key(place_), storage::Anything{}));
  storage::ListOptions options;
  options.prefix = private_prefix(place_);
  options.continuation = std::move(from);
  options.max_count = std::clamp<std::size_t>(count_max, 1, storage::kBlobPageCountMax);
  CF_TRY(const storage::BlobPage page, store_->blobs().list(ctx, options));
  Collected collected;
  collected.next = page.continuation;
  for (const storage::BlobEntry& entry : page.entries) {
    ++collected.examined_count;
    CF_CHECK(store_->remove(ctx, entry.key.str(), storage::Anything{}));
    ++collected.removed_count;
    collected.removed_bytes += entry.properties.size_bytes;
  }
  return collected;
}

}  // namespace cloudfolio::cache

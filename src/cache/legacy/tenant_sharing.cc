// TenantCache's part of sharing a store with the original app.

#include "cache/envelope.h"
#include "cache/fingerprint.h"
#include "cache/keys.h"
#include "cache/legacy/old_entries.h"
#include "cache/legacy/shared_writes.h"
#include "cache/legacy/spellings.h"
#include "cache/store.h"
#include "cache/tenant_cache.h"

namespace cloudfolio::cache {

Status TenantCache::share_with_old_app(const Context& ctx, const PublicationInfo& info,
                                       const Bundle& bundle) const {
  if (!place_.scope.is_public() || store_->old_app().writes == OldAppSharing::Writes::no)
    return Done{};
  return write_for_old_app(ctx, *store_, place_.tenant, info, bundle);
}

Result<bool> TenantCache::adopt_spelling(const Context& ctx, std::string_view spelling) const {
  if (!place_.scope.is_public()) return false;
  return adopt_old_bundle(ctx, *store_, place_.tenant, spelling);
}

Result<bool> TenantCache::adopt_bundle(const Context& ctx, const Bundle& bundle) const {
  if (!place_.scope.is_public() || bundle.repositories.empty()) return false;
  const EntryLabel label{EntryKind::bundle, place_, bundle_fingerprint(bundle), 0, {}, {}};
  const auto etag =
      store_->write_json(ctx, label, bundle_key(place_),
                         wrap(to_json(bundle), store_->clock().wall_time()), storage::Nothing{});
  if (etag) return true;
  if (etag.error().code() == Code::conflict) return false;
  return etag.error();
}

Status TenantCache::keep_spelling(const Context& ctx, std::string_view spelling) const {
  if (!place_.scope.is_public() || store_->old_app().writes == OldAppSharing::Writes::no)
    return Done{};
  CF_CHECK(note_spelling(ctx, *store_, place_.tenant, spelling));
  return Done{};
}

Result<std::optional<RepositoryEntry>> TenantCache::find_old_repository(
    const Context& ctx, std::string_view name) const {
  if (!place_.scope.is_public()) return std::optional<RepositoryEntry>();
  return cache::find_old_repository(ctx, *store_, place_.tenant, name);
}

}  // namespace cloudfolio::cache

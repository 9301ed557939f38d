// What an interrupted training goes on from.

#include "cache/keys.h"
#include "cache/store.h"
#include "cache/tenant_cache.h"

namespace cloudfolio::cache {
namespace {

std::string key_of(const Place& place, std::string_view fingerprint, std::uint64_t number) {
  return checkpoint_prefix(place, fingerprint) + std::to_string(number);
}

Status check(std::string_view fingerprint) {
  if (is_fingerprint(fingerprint)) return Done{};
  return Error(Code::invalid_argument, "that is no content fingerprint");
}

}  // namespace

Status TenantCache::write_checkpoint(const Context& ctx, std::string_view fingerprint,
                                     std::uint64_t number, std::string bytes) const {
  CF_CHECK(check(fingerprint));
  const EntryLabel label{EntryKind::checkpoint, place_, std::string(fingerprint), 0};
  CF_CHECK(store_->write_bytes(ctx, label, key_of(place_, fingerprint, number), std::move(bytes),
                               "application/octet-stream"));
  return Done{};
}

Result<std::string> TenantCache::read_checkpoint(const Context& ctx, std::string_view fingerprint,
                                                 std::uint64_t number) const {
  CF_CHECK(check(fingerprint));
  return store_->read_own(ctx, EntryKind::checkpoint, place_, key_of(place_, fingerprint, number),
                          Store::Unnamed::refused);
}

Status TenantCache::remove_checkpoint(const Context& ctx, std::string_view fingerprint) const {
  CF_CHECK(check(fingerprint));
  storage::ListOptions options;
  options.prefix = checkpoint_prefix(place_, fingerprint);
  do {
    CF_TRY(const storage::BlobPage page, store_->blobs().list(ctx, options));
    for (const storage::BlobEntry& entry : page.entries) {
      CF_CHECK(store_->remove(ctx, entry.key.str(), storage::Anything{}));
    }
    options.continuation = page.continuation;
  } while (!options.continuation.empty());
  return Done{};
}

}  // namespace cloudfolio::cache

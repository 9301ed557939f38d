#include "cache/guarded_blobs.h"

#include "cache/entry_metadata.h"
#include "cache/kinds.h"

namespace cloudfolio::cache {

namespace {

std::string value_of(const storage::Metadata& metadata, const char* name) {
  const auto found = metadata.find(name);
  return found == metadata.end() ? std::string() : found->second;
}

}  // namespace

tenancy::StorageClass storage_class_of(const storage::Metadata& metadata) {
  const std::string kind = value_of(metadata, kKind);
  for (const KindRow& row : kind_rows())
    if (row.name == kind) return row.storage_class;
  return tenancy::StorageClass::content;
}

TenantId owner_of(const storage::Metadata& metadata) {
  return TenantId(value_of(metadata, kUsername));
}

Result<storage::ETag> GuardedBlobs::put(const Context& ctx, const storage::BlobKey& key,
                                        std::string bytes, const storage::PutOptions& options) {
  const TenantId tenant = owner_of(options.metadata);
  if (tenant.empty()) return real_.put(ctx, key, std::move(bytes), options);
  const tenancy::EntryWrite write{tenant, key.str(), storage_class_of(options.metadata),
                                  bytes.size()};
  CF_TRY(const tenancy::Epoch epoch, guard_.admit(ctx, tenant));
  auto etag = real_.put(ctx, key, std::move(bytes), options);
  if (!etag) return etag;
  const Status settled = guard_.settle(ctx, write, epoch);
  if (settled || settled.error().code() != Code::cancelled) {
    CF_CHECK(settled);
    return etag;
  }
  (void)real_.remove(ctx, key, {.condition = storage::Matches{*etag}});
  return settled.error();
}

Status GuardedBlobs::remove(const Context& ctx, const storage::BlobKey& key,
                            const storage::RemoveOptions& options) {
  const auto properties = real_.head(ctx, key);
  CF_CHECK(real_.remove(ctx, key, options));
  if (!properties) return Done{};
  const TenantId tenant = owner_of(properties->metadata);
  if (tenant.empty()) return Done{};
  return guard_.removed(ctx, tenant, key.str());
}

}  // namespace cloudfolio::cache

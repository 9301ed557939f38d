#pragma once
// All of a tenant's entries in the cache's container, wherever its keys put them: for counting,
// moving and deleting. For the tenancy and operators; features use TenantCache.
//
// An entry is a tenant's where its metadata say so (username), or where they name nobody (the old
// app's) and the key is one that only this tenant's entries have.
//
// Threads: thread-safe. Errors: the store's.

#include <functional>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/id.h"
#include "base/result.h"
#include "storage/blob_store.h"
#include "tenancy/usage_ledger.h"

namespace cloudfolio::cache {

// Where to look: every key of the tenant begins with one of these. Other tenants' keys may as well.
std::vector<std::string> prefixes_of(const TenantId& tenant);
bool belongs_to(const TenantId& tenant, const storage::BlobEntry& entry);
// Page by page; the visitor may remove what it is given.
Status for_each_entry(const Context& ctx, storage::BlobStore& blobs, const TenantId& tenant,
                      const std::function<Status(const storage::BlobEntry&)>& visit);
// As the ledger counts them: entries that name their tenant.
Result<std::vector<tenancy::UsageLedger::Entry>> counted_entries(const Context& ctx,
                                                                 storage::BlobStore& blobs,
                                                                 const TenantId& tenant);

// The key that an entry of `from` has as one of `to`'s.
std::string moved_key(const TenantId& from, const TenantId& to, const std::string& key);
// Makes every entry of `from` one of `to`'s: its key, its username, and the keys that its metadata
// name. What readers follow (bundles) goes last, so that a reader finds all or nothing. Nobody
// writes either tenant meanwhile (TenantDirectory::begin_move). May be repeated after a failure;
// how many entries it moved.
Result<std::size_t> move_entries(const Context& ctx, storage::BlobStore& blobs,
                                 const TenantId& from, const TenantId& to);

}  // namespace cloudfolio::cache

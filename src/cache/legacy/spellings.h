#pragma once
// The spellings of a login under which the original app keeps one tenant.
//
// Its keys keep the login as its caller typed it; ours are in lower case. What was heard is kept in
// gen/{login}/spellings, so that later publications, which know only the tenant, refresh them all.

#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/id.h"
#include "base/result.h"
#include "storage/blob_store.h"

namespace cloudfolio::cache {

class Store;

// Each costs a copy of the portfolio.
inline constexpr std::size_t kSpellingsMax = 4;

// Whether `spelling` is this tenant's login in other letters, and not the login itself.
bool is_spelling_of(const TenantId& tenant, std::string_view spelling);

std::string spellings_key(const TenantId& tenant);
// Every noted one, those of a login that the tenant no longer has among them.
Result<std::vector<std::string>> noted_spellings(const Context& ctx, storage::BlobStore& blobs,
                                                 const TenantId& tenant);
// Adds it where it is one and there is room; true if it is noted now.
Result<bool> note_spelling(const Context& ctx, const Store& store, const TenantId& tenant,
                           std::string_view spelling);
// Takes out what is not the tenant's login any more.
Status forget_foreign_spellings(const Context& ctx, const Store& store, const TenantId& tenant);

// The original's keys under a spelling of the login.
std::string old_bundle_key(std::string_view spelling);
std::string old_repository_key(std::string_view spelling, std::string_view repository);
std::string still_older_repository_key(std::string_view spelling, std::string_view repository);

}  // namespace cloudfolio::cache

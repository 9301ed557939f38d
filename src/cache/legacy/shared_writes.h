#pragma once
// What is written for the original app in the same step as a publication, so that traffic can go
// back to it at any time: docs/formats/cache.md, "Beside the old app".
//
// All of it may be repeated, and nothing older ever goes over something newer of ours: a slower
// refresh that lost writes nothing here.
// Errors: the store's.

#include "base/context.h"
#include "base/result.h"
#include "cache/bundle.h"
#include "cache/model_record.h"
#include "cache/tenant_cache.h"

namespace cloudfolio::cache {

class Store;

// After `info` was published: each repository under the original's key, and bundle and repositories
// under every spelling of the login (GitHub's own, and those noted). What is gone from the bundle
// goes, where we wrote it.
Status write_for_old_app(const Context& ctx, const Store& store, const TenantId& tenant,
                         const PublicationInfo& info, const Bundle& bundle);

// The published model of `record` as the original finds one: the archive under the original's
// fingerprint of the same content, then the global slot that names it. Nothing where the
// publication is of other content by now.
Status write_model_slot(const Context& ctx, const Store& store, const TenantCache& tenant,
                        const ModelRecord& record);

}  // namespace cloudfolio::cache

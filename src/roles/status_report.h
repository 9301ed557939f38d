#pragma once
// What `status` says of a tenant: what is published, what runs, and how the last runs ended.

#include <string>

#include "base/context.h"
#include "base/result.h"
#include "cache/tenant_cache.h"
#include "durable/client.h"
#include "roles/progress_board.h"

namespace cloudfolio::roles {

// One JSON object: {login, published: {…} | null, jobs: [{instance, name, status, phase, done,
// total, started, updated, error?}], last_sync, last_training}. `client` null: no jobs are known.
Result<std::string> status_report(const Context& ctx, const cache::TenantCache& tenant,
                                  durable::Client* client, ProgressBoard& progress);

}  // namespace cloudfolio::roles

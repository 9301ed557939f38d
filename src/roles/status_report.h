#pragma once
// What `status` says of a tenant: what is published, what runs, and how the last runs ended.

#include <optional>
#include <string>

#include "base/context.h"
#include "base/result.h"
#include "cache/tenant_cache.h"
#include "durable/client.h"
#include "gateway/services.h"
#include "roles/progress_board.h"

namespace cloudfolio::roles {

struct StatusParts {
  durable::Client* client = nullptr;  // Null: no jobs are known.
  ProgressBoard& progress;
  gateway::Sight sight = gateway::Sight::public_only;
  std::optional<cache::TenantCache> own;  // Of a live right.
  std::string problem = {};               // What else a person should know of; empty: nothing.
};

// One JSON object: {login, published: {…} | null, jobs: [{instance, name, status, phase, done,
// total, started, updated, error?}], last_sync, last_training}; for those who may see it also
// private: {published, last_sync} | null, what the refreshes cost, and the jobs on private text.
Result<std::string> status_report(const Context& ctx, const cache::TenantCache& tenant,
                                  const StatusParts& parts);

}  // namespace cloudfolio::roles

#pragma once
// What `models` says of a tenant: the trainings that something still points to.

#include <string>

#include "base/context.h"
#include "base/result.h"
#include "cache/tenant_cache.h"
#include "gateway/services.h"

namespace cloudfolio::roles {

// One JSON object: {login, answers, models: [{fingerprint, trained_at, published, reason, answers,
// previous, report}]}; `answers` is "base" or a fingerprint, `report` what `train --json` printed.
// The training of what is published now comes first, then the model that answers, then the one
// before it. Costs only with Sight::with_private. Errors: not_found where nothing is published.
Result<std::string> models_report(const Context& ctx, const cache::TenantCache& tenant,
                                  gateway::Sight sight);

}  // namespace cloudfolio::roles

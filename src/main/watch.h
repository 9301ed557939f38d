#pragma once
// Waiting for a job while showing how far it is.

#include "base/clock.h"
#include "main/progress.h"
#include "roles/session.h"

namespace cloudfolio::main {

// Shows the job's phases until it has finished; its last view. `what` names it before its first
// phase ("Syncing octocat"). Errors: the job's own failure; not_found if there is no such job.
Result<roles::JobView> watch(const Context& ctx, roles::Session& session, const InstanceId& job,
                             const std::string& what, Progress& progress);

// Waits for the index that a sync or a training asked for. Where it cannot be made, says so on
// `progress` and goes on: the answer that was asked for is there, and words are searchable.
Status watch_index(const Context& ctx, roles::Session& session, const TenantId& tenant,
                   Progress& progress);

}  // namespace cloudfolio::main

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

// The same for a job that others start (indexing after a sync): success at once if there is none.
Status watch_if_there(const Context& ctx, roles::Session& session, const InstanceId& job,
                      const std::string& what, Progress& progress);

}  // namespace cloudfolio::main

#pragma once
// Where the activities of each pool run when the roles of one system are several processes.

#include <functional>
#include <memory>
#include <vector>

#include "durable/embedded/scheduler.h"
#include "durable/queued/activity_worker.h"
#include "durable/registry.h"
#include "roles/config.h"
#include "roles/platform.h"
#include "roles/role_set.h"

namespace cloudfolio::roles {

// The queue that asks for trainings: its name and its poison's are an interface (KEDA scales by
// its length).
inline constexpr char kTrainingQueue[] = "model-training-queue";
inline constexpr char kSyncQueue[] = "sync-queue";
// A training that takes no step for so long hangs.
inline constexpr std::chrono::minutes kTrainingProgressLimit{5};

// What the scheduler of a process with `roles` puts around its own pools: pools of roles that run
// elsewhere go through queues. Empty where all of them run here. With
// ENABLE_ASYNC_MODEL_TRAINING off, training stays with the orchestrator.
durable::EmbeddedOptions::AroundPools around_pools(const Config& config, Platform& platform,
                                                   const durable::Registry& registry,
                                                   RoleSet roles);

// Workers for the pools of `roles`, in a process without orchestrator. `registry` outlives them.
Result<std::vector<std::unique_ptr<durable::ActivityWorker>>> open_workers(
    const Config& config, Platform& platform, const durable::Registry& registry, RoleSet roles);

}  // namespace cloudfolio::roles

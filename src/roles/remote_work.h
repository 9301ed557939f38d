#pragma once
// Where the activities of each pool run when the roles of one system are several processes.

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "durable/embedded/scheduler.h"
#include "durable/queued/activity_worker.h"
#include "durable/queued/queue_dispatcher.h"
#include "durable/registry.h"
#include "roles/config.h"
#include "roles/platform.h"
#include "roles/role_set.h"

namespace cloudfolio::roles {

// The queue that asks for trainings: its name and its poison's are an interface (KEDA scales by
// its length).
inline constexpr char kTrainingQueue[] = "model-training-queue";
inline constexpr char kTrainingEvents[] = "model-training-events";
inline constexpr char kSyncQueue[] = "sync-queue";
// A training that takes no step for so long hangs.
inline constexpr std::chrono::minutes kTrainingProgressLimit{5};
// A training that failed is tried again, by its message, so long after; then 2, 4 and 8 times so.
inline constexpr std::chrono::seconds kTrainingRetryAfter{2};

// The tasks that a process's orchestrations wait for in other processes.
struct RemoteWork {
  // Set while the scheduler lives and work of it goes through queues.
  std::atomic<durable::QueueDispatcher*> dispatcher{nullptr};
  std::function<void()> on_change;  // Set before the scheduler opens; may be empty.
};

// What the scheduler of a process with `roles` puts around its own pools: pools of roles that run
// elsewhere go through queues. Empty where all of them run here. A training whose run began with
// ENABLE_ASYNC_MODEL_TRAINING off stays with the orchestrator. `work` outlives the scheduler.
durable::EmbeddedOptions::AroundPools around_pools(RemoteWork& work, Platform& platform,
                                                   const durable::Registry& registry,
                                                   RoleSet roles);

// What a training worker asks before and after each job (ActivityWorkerOptions); all may be empty.
struct TrainingHooks {
  std::function<Status(const durable::ActivityInfo&)> admit = {};
  std::function<void(const durable::ActivityInfo&)> on_over = {};
  std::function<void(const durable::ActivityInfo&, const Error&, std::int64_t)> on_retry = {};
};

// A worker for trainings with so many threads of its own; with 0 the caller runs them. `limit`: a
// training that takes no step for so long hangs; 0 where trainings take turns.
Result<std::unique_ptr<durable::ActivityWorker>> open_training_worker(
    const Config& config, Platform& platform, const durable::Registry& registry,
    TrainingHooks hooks, int threads_count, std::chrono::seconds limit = kTrainingProgressLimit);
// Workers for the other pools of `roles`, in a process without orchestrator. `registry` outlives
// them.
Result<std::vector<std::unique_ptr<durable::ActivityWorker>>> open_workers(
    const Config& config, Platform& platform, const durable::Registry& registry, RoleSet roles);

}  // namespace cloudfolio::roles

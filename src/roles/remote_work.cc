#include "roles/remote_work.h"

#include <algorithm>

#include "durable/queued/queue_dispatcher.h"
#include "sync/refresh.h"
#include "training/train_model.h"

namespace cloudfolio::roles {

durable::EmbeddedOptions::AroundPools around_pools(const Config& config, Platform& platform,
                                                   const durable::Registry& registry,
                                                   RoleSet roles) {
  durable::QueueDispatcherOptions options;
  if (!roles.has(Role::sync)) options.queues[sync::kSyncPool] = kSyncQueue;
  if (!roles.has(Role::trainer) && flag(config, "ENABLE_ASYNC_MODEL_TRAINING"))
    options.queues[training::kTrainingPool] = kTrainingQueue;
  if (options.queues.empty()) return {};
  return [options, &platform, &registry](std::unique_ptr<durable::ActivityDispatcher> local)
             -> Result<std::unique_ptr<durable::ActivityDispatcher>> {
    CF_TRY(auto opened, durable::QueueDispatcher::open(options,
                                                       {.registry = registry,
                                                        .storage = platform.storage(),
                                                        .clock = platform.clock(),
                                                        .log = platform.log()},
                                                       std::move(local)));
    return std::unique_ptr<durable::ActivityDispatcher>(std::move(opened));
  };
}

namespace {

durable::ActivityWorkerOptions options_for(const Config& config, const char* queue) {
  durable::ActivityWorkerOptions options;
  options.queue = queue;
  options.visibility = std::chrono::seconds(config.durable_claim_seconds);
  // Several tries before the claim ends, and a cancelled activity hears of it soon.
  options.renew_every =
      std::min(std::chrono::milliseconds(options.visibility) / 4, std::chrono::milliseconds(5'000));
  return options;
}

}  // namespace

Result<std::vector<std::unique_ptr<durable::ActivityWorker>>> open_workers(
    const Config& config, Platform& platform, const durable::Registry& registry, RoleSet roles) {
  const durable::ActivityWorker::Parts parts{.registry = registry,
                                             .storage = platform.storage(),
                                             .clock = platform.clock(),
                                             .log = platform.log()};
  std::vector<std::unique_ptr<durable::ActivityWorker>> workers;
  if (roles.has(Role::sync)) {
    auto options = options_for(config, kSyncQueue);
    options.threads_count = static_cast<int>(config.durable_activity_threads);
    CF_TRY(auto worker, durable::ActivityWorker::open(std::move(options), parts));
    workers.push_back(std::move(worker));
  }
  if (roles.has(Role::trainer)) {
    auto options = options_for(config, kTrainingQueue);
    options.threads_count = 1;  // A training uses every core.
    options.progress_limit = kTrainingProgressLimit;
    CF_TRY(auto worker, durable::ActivityWorker::open(std::move(options), parts));
    workers.push_back(std::move(worker));
  }
  return workers;
}

}  // namespace cloudfolio::roles

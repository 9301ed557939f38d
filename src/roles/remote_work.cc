#include "roles/remote_work.h"

#include <algorithm>

#include "flags/definition.h"
#include "sync/refresh.h"
#include "training/train_model.h"

namespace cloudfolio::roles {

namespace {

// Decided when the run began and carried by it; a run of an older release decides here.
bool trains_here(const durable::ActivityTask& task, const flags::Flags& flags) {
  const auto tenant = task.info.tags.find("tenant");
  const auto decision = training::recorded_decision(task.input);
  if (decision) return !decision->value;
  return !flags.is_on(flags::kAsyncModelTraining,
                      TenantId(tenant == task.info.tags.end() ? "" : tenant->second));
}

}  // namespace

durable::EmbeddedOptions::AroundPools around_pools(RemoteWork& work, Platform& platform,
                                                   const durable::Registry& registry,
                                                   RoleSet roles) {
  durable::QueueDispatcherOptions options;
  if (!roles.has(Role::sync)) options.queues[sync::kSyncPool] = kSyncQueue;
  if (!roles.has(Role::trainer)) options.queues[training::kTrainingPool] = kTrainingQueue;
  if (options.queues.empty()) return {};
  options.result_queues.emplace_back(kTrainingEvents);
  options.runs_here = [&platform](const durable::ActivityTask& task) {
    return task.info.name == training::kRunTraining && trains_here(task, platform.flags());
  };
  options.on_change = work.on_change;
  return [options, &work, &platform, &registry](std::unique_ptr<durable::ActivityDispatcher> local)
             -> Result<std::unique_ptr<durable::ActivityDispatcher>> {
    CF_TRY(auto opened, durable::QueueDispatcher::open(options,
                                                       {.registry = registry,
                                                        .storage = platform.storage(),
                                                        .clock = platform.clock(),
                                                        .log = platform.log()},
                                                       std::move(local)));
    work.dispatcher = opened.get();
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

durable::ActivityWorker::Parts parts_of(Platform& platform, const durable::Registry& registry) {
  return {.registry = registry,
          .storage = platform.storage(),
          .clock = platform.clock(),
          .log = platform.log()};
}

}  // namespace

Result<std::unique_ptr<durable::ActivityWorker>> open_training_worker(
    const Config& config, Platform& platform, const durable::Registry& registry,
    TrainingHooks hooks, int threads_count, std::chrono::seconds limit) {
  auto options = options_for(config, kTrainingQueue);
  options.result_queue = kTrainingEvents;
  options.threads_count = threads_count;
  options.progress_limit = limit;
  options.admit = std::move(hooks.admit);
  options.on_over = std::move(hooks.on_over);
  options.on_retry = std::move(hooks.on_retry);
  options.retry_after = kTrainingRetryAfter;
  return durable::ActivityWorker::open(std::move(options), parts_of(platform, registry));
}

Result<std::vector<std::unique_ptr<durable::ActivityWorker>>> open_workers(
    const Config& config, Platform& platform, const durable::Registry& registry, RoleSet roles) {
  std::vector<std::unique_ptr<durable::ActivityWorker>> workers;
  if (roles.has(Role::sync)) {
    auto options = options_for(config, kSyncQueue);
    options.threads_count = static_cast<int>(config.durable_activity_threads);
    CF_TRY(auto worker,
           durable::ActivityWorker::open(std::move(options), parts_of(platform, registry)));
    workers.push_back(std::move(worker));
  }
  return workers;
}

}  // namespace cloudfolio::roles

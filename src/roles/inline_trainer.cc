#include "roles/inline_trainer.h"

#include <algorithm>

namespace cloudfolio::roles {

Result<std::unique_ptr<InlineTrainer>> InlineTrainer::open(Parts parts) {
  std::unique_ptr<InlineTrainer> trainer(new InlineTrainer(std::move(parts)));
  InlineTrainer& self = *trainer;
  TrainingHooks hooks;
  hooks.admit = [&self](const durable::ActivityInfo& activity) -> Status {
    if (!self.is_overdue(activity)) return Error(Code::conflict, "a worker may still come for it");
    self.parts_.log.warn(Context().with_instance(InstanceId(activity.instance_id)),
                         "training.inline", {{"patience_seconds", self.parts_.patience}});
    return Done{};
  };
  CF_TRY(trainer->worker_, trainer->parts_.open_worker(std::move(hooks)));
  trainer->looking_ = std::make_unique<runtime::PeriodicTask>(
      runtime::PeriodicTask::Options{.name = "inline training", .every = kLookEvery},
      trainer->parts_.clock, [&self](const std::stop_token& stop) { self.look(stop); });
  return trainer;
}

InlineTrainer::~InlineTrainer() {
  if (worker_) worker_->stop();
}

bool InlineTrainer::is_overdue(const durable::ActivityInfo& activity) const {
  const auto waiting = parts_.waiting();
  const auto latest = parts_.clock.wall_time() - parts_.patience;
  return std::any_of(waiting.begin(), waiting.end(), [&](const durable::WaitingTask& task) {
    return task.since <= latest && task.info.instance_id == activity.instance_id;
  });
}

void InlineTrainer::look(const std::stop_token& stop) {
  const auto waiting = parts_.waiting();
  const auto latest = parts_.clock.wall_time() - parts_.patience;
  const bool overdue =
      std::any_of(waiting.begin(), waiting.end(),
                  [&](const durable::WaitingTask& task) { return task.since <= latest; });
  if (!overdue) return;
  const auto looked = worker_->run_one(Context().with_stop(stop));
  if (!looked && !stop.stop_requested())
    parts_.log.warn(Context(), "training.inline_failed", {{"error", looked.error()}});
}

}  // namespace cloudfolio::roles

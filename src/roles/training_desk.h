#pragma once
// TrainingDesk: what operators ask about trainings, answered from orchestrations, workers' rows,
// messages that were put aside, and the logs of runs.
//
// Threads: thread-safe. Everything given outlives it. Without orchestrations (`instances` null: a
// command that only reads) it lists workers and messages, and neither cancels nor retries.

#include "durable/client.h"
#include "gateway/trainings.h"
#include "roles/platform.h"
#include "roles/progress_board.h"

namespace cloudfolio::roles {

class TrainingDesk final : public gateway::Trainings {
 public:
  // Of one answer's list, newest first.
  static constexpr std::size_t kListedMax = 200;
  static constexpr std::size_t kLogTailBytes = 4'000;

  TrainingDesk(Platform& platform, ProgressBoard& progress, durable::Client* instances)
      : platform_(platform), progress_(progress), instances_(instances) {}

  Result<std::string> list(const Context&, const std::optional<TenantId>&) override;
  Result<std::string> show(const Context&, const InstanceId&) override;
  Status cancel(const Context&, const InstanceId&) override;
  Status retry(const Context&, const InstanceId&) override;
  Result<std::string> logs(const Context&, const InstanceId&) override;

 private:
  Result<durable::OrchestrationState> state_of(const Context& ctx, const InstanceId& instance);

  Platform& platform_;
  ProgressBoard& progress_;
  durable::Client* const instances_;
};

}  // namespace cloudfolio::roles

#pragma once
// Trainings: what operators ask about trainings and their workers: which there are, why one waits,
// what it wrote; and to end one or begin it again.
//
// Answers are JSON text; docs/operating/services.md lists their fields.
//
// Threads: thread-safe. Errors: not_found (no such training), conflict (retry of one that runs),
// unavailable (this process has no orchestrations to ask), and the store's.

#include <optional>
#include <string>

#include "base/context.h"
#include "base/id.h"
#include "base/result.h"

namespace cloudfolio::gateway {

class Trainings {
 public:
  virtual ~Trainings() = default;

  // {"trainings":[…], "workers":[…], "poisoned":[…]}, of one tenant or of all.
  virtual Result<std::string> list(const Context&, const std::optional<TenantId>&) = 0;
  // One, with its progress, its outcome, its messages that were put aside, and its runs' logs.
  virtual Result<std::string> show(const Context&, const InstanceId&) = 0;
  // Ends it; its worker stops after its present step. Without effect on one that has ended.
  virtual Status cancel(const Context&, const InstanceId&) = 0;
  // Begins one that has ended once more; its messages that were put aside are forgotten.
  virtual Status retry(const Context&, const InstanceId&) = 0;
  // What its workers wrote, run after run, whole.
  virtual Result<std::string> logs(const Context&, const InstanceId&) = 0;
};

}  // namespace cloudfolio::gateway

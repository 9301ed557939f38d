#pragma once
// Which code runs under which name: orchestrations by name and version, activities by name.
//
// Filled once, before the scheduler opens; constant afterwards, and then safe from any thread. It
// outlives every scheduler and every execution that uses it.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "durable/orchestration.h"

namespace cloudfolio::durable {

using Orchestrator = std::function<Orchestration<>(OrchestrationContext&, std::string input)>;

// Who asks, and how often it was asked.
struct ActivityInfo {
  std::string name;
  std::string instance_id;
  std::string execution_id;
  std::int32_t task_id = 0;
  // 1 the first time; counted up whenever a process that had been given this task ended before its
  // result was durable.
  int attempt = 1;
  Tags tags;  // Of the orchestration.

  // The same for every attempt of this call and for no other call: what makes a write idempotent.
  std::string idempotency_key() const { return execution_id + ":" + std::to_string(task_id); }
};

// Runs at least once, on a pool's thread; several calls run at a time unless its pool has one
// thread. ctx carries the tenant (tag "tenant"), the instance, the deadline, and a stop token that
// asks the activity to end early (termination, shutdown). What it returns after shutdown was asked
// is kept if it is a value; a Code::cancelled is not recorded, and the activity runs again after
// the restart.
using Activity =
    std::function<Result<std::string>(const Context& ctx, const ActivityInfo&, std::string input)>;

class ActivityOptions {
 public:
  ActivityOptions() : pool_("default"), timeout_(std::chrono::hours(1)) {}
  // The named pool whose threads run it; see Registry::pool.
  ActivityOptions& pool(std::string name) {
    pool_ = std::move(name);
    return *this;
  }
  // The deadline that its Context carries.
  ActivityOptions& timeout(std::chrono::milliseconds limit) {
    timeout_ = limit;
    return *this;
  }
  const std::string& pool() const { return pool_; }
  std::chrono::milliseconds timeout() const { return timeout_; }

 private:
  std::string pool_;
  std::chrono::milliseconds timeout_;
};

class Registry {
 public:
  struct ActivityEntry {
    Activity run;
    ActivityOptions options;
  };

  // Registering a name (and version) twice is a bug.
  void orchestration(std::string name, Orchestrator run) {
    orchestration(std::move(name), "", std::move(run));
  }
  // `version` is what StartOptions asks for; "" also serves every version without one of its own.
  void orchestration(std::string name, std::string version, Orchestrator run);
  void activity(std::string name, Activity run, ActivityOptions options = ActivityOptions());
  // How many activities of that pool run at a time. A pool that is not named here, "default" among
  // them, has as many threads as the scheduler's options say.
  void pool(std::string name, int threads_count);

  const Orchestrator* find_orchestration(std::string_view name, std::string_view version) const;
  const ActivityEntry* find_activity(std::string_view name) const;
  const std::map<std::string, int>& pools() const { return pools_; }
  // Sorted, each once: for metrics.
  std::vector<std::string> orchestration_names() const;
  std::vector<std::string> activity_names() const;

 private:
  std::map<std::pair<std::string, std::string>, Orchestrator> orchestrations_;
  std::map<std::string, ActivityEntry, std::less<>> activities_;
  std::map<std::string, int> pools_;
};

}  // namespace cloudfolio::durable

#pragma once
// CapacityRole: workers for the trainings that this process's orchestrations wait for.
//
// What waits is what the scheduler gave to the queue and nobody answered: the store's histories,
// never the queue's length. A pass is made whenever that changes and every so often besides; of
// several such processes one leads (capacity/provisioner.h).
//
// Threads: a thread of its own; changed() from any. Workers are left alone by the destructor: they
// end with their work, and the next process finds them.
// Lifetime: everything given outlives it.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "capacity/external.h"
#include "capacity/provisioner.h"
#include "durable/queued/queue_dispatcher.h"
#include "roles/capacity_settings.h"
#include "roles/config.h"
#include "roles/ledger_usage.h"
#include "roles/platform.h"
#include "roles/progress_board.h"
#include "storage/azure/token_source.h"

namespace cloudfolio::roles {

// How a worker process of this machine is started.
struct WorkerProgram {
  std::vector<std::string> command;      // {generation} is filled in.
  std::vector<std::string> environment;  // "NAME=value", all of it.
};

class CapacityRole {
 public:
  struct Parts {
    const Config& config;
    CapacityKind kind;
    Platform& platform;
    costs::Ledger& ledger;
    const costs::PriceTable& prices;
    ProgressBoard& progress;
    WorkerProgram program;
    std::function<std::vector<durable::WaitingTask>()> waiting;
    // No worker can be started for this instance's training; empty: it waits on.
    std::function<void(const std::string& instance, const std::string& why)> give_up = {};
  };
  // Errors: those of the settings and the store; unavailable: no folder for the workers.
  static Result<std::unique_ptr<CapacityRole>> open(Parts parts);
  ~CapacityRole();

  // Look at what waits: something began or ceased to.
  void changed();
  CapacityKind kind() const { return parts_.kind; }

 private:
  explicit CapacityRole(Parts parts);
  Status open_platform();
  void serve(const std::stop_token& stop);
  // How long until the next pass, unless something changes.
  std::chrono::milliseconds pass(const Context& ctx);
  void tell(const Context& ctx, const capacity::Demand& demand,
            const std::vector<std::string>& said);

  const Parts parts_;
  LedgerUsage usage_;
  capacity::ExternalCapacity depth_;
  telemetry::Counter& alarms_;
  telemetry::Gauge& workers_;
  std::unique_ptr<storage::azure::TokenCache> tokens_;
  std::unique_ptr<capacity::AccessTokens> access_;
  std::unique_ptr<capacity::Platform> platform_;
  std::unique_ptr<capacity::Capacity> capacity_;  // Null: external.
  std::set<std::string> said_;                    // By the last pass.
  std::mutex mutex_;
  std::condition_variable_any wake_;
  bool changed_ = true;
  std::jthread thread_;
};

}  // namespace cloudfolio::roles

#pragma once
// System: the features of one process over a store, put together.
//
// With every role in one process nothing travels. With fewer, the roles of other processes are
// reached through the store: the orchestrator puts work for sync and trainer on queues, and a
// process without the orchestrator asks it by queued requests.
//
// Lifetime: the clock outlives it. Closing stops the scheduler first; what it did not finish goes
// on in the next process that opens the store.

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include <vector>

#include "durable/embedded/scheduler.h"
#include "durable/queued/activity_worker.h"
#include "durable/queued/client_server.h"
#include "durable/queued/queued_client.h"
#include "durable/registry.h"
#include "roles/base_model.h"
#include "roles/capacity_role.h"
#include "roles/client_slot.h"
#include "roles/config.h"
#include "roles/cost_recorder.h"
#include "roles/inline_trainer.h"
#include "roles/local_administration.h"
#include "roles/local_portfolios.h"
#include "roles/old_training_queue.h"
#include "roles/platform.h"
#include "roles/presence.h"
#include "roles/progress_board.h"
#include "roles/remote_work.h"
#include "roles/role_set.h"
#include "roles/session.h"
#include "roles/store_lock.h"
#include "roles/sync_role.h"
#include "roles/training_desk.h"
#include "roles/worker_seat.h"
#include "runtime/periodic_task.h"
#include "search/portfolio_search.h"

namespace cloudfolio::roles {

// What a process is, beside its configuration.
struct ServeAs {
  RoleSet roles = RoleSet::all();
  Named named = Named::no_roles;
  // How workers are started; absent: this process drives no capacity.
  std::optional<WorkerProgram> program = {};
  // As which of capacity's workers it was started; absent: nobody's.
  std::optional<std::uint64_t> generation = {};
  // one: a trainer does what run_one_training() is called for, and nothing by itself.
  enum class Trainings { all, one } trainings = Trainings::all;
  // Capacity has given this worker up: it is to end. From another thread; may be empty.
  std::function<void(const std::string& why)> on_seat_lost = {};
};

class System final : public Session {
 public:
  enum class Work {
    read_only,       // Answers from the store; starts nothing, owns nothing.
    orchestrations,  // Owns the store: runs refreshes, indexing and training.
  };
  // Errors: unavailable where another process owns the store (Work::orchestrations); what the parts
  // say when they cannot be opened.
  static Result<std::unique_ptr<System>> open(Config config, const Clock& clock, Work work,
                                              ServeAs as = {});
  ~System() override;

  gateway::Portfolios& portfolios() override { return *portfolios_; }
  gateway::Administration& administration() override { return *administration_; }
  gateway::Trainings& trainings() override { return *trainings_; }
  Result<std::optional<JobView>> find_job(const Context&, const InstanceId&) override;
  std::string place() const override { return "this process"; }

  Platform& platform() { return *platform_; }
  // Waits for a training as long as one may be on its way, does it, and returns: what a worker
  // process is for (ServeAs::Trainings::one). A stop gives it back.
  Status run_one_training(const Context& ctx);
  // Null with Work::read_only.
  durable::Client* client() { return client_; }
  // Null with Work::read_only.
  CostRecorder* costs() { return costs_.get(); }
  // One bounded slice of what processes said to each other and nobody needs any more; every minute
  // or so, from one thread.
  void sweep(const Context& ctx);
  // Says where this process serves.
  Status announce(const std::string& url);

 private:
  System(Config config, const Clock& clock, ServeAs as)
      : config_(std::move(config)), clock_(clock), as_(std::move(as)), roles_(as_.roles) {}
  Status open_features();
  Status open_orchestrations();
  Status open_scheduler();
  Status open_capacity(CapacityKind kind);
  Status open_inline_trainer();
  Status open_trainer();
  void read_old_trainings();
  Status open_other_roles();
  Status sweep_once(const Context& ctx);

  const Config config_;
  const Clock& clock_;
  const ServeAs as_;
  const RoleSet roles_;
  std::optional<StoreLock> lock_;
  std::unique_ptr<Platform> platform_;
  std::unique_ptr<BaseModel> base_;
  std::unique_ptr<ProgressBoard> progress_;
  std::unique_ptr<CostRecorder> costs_;
  std::unique_ptr<SyncRole> sync_;
  std::unique_ptr<search::TextEmbedders> embedders_;
  std::unique_ptr<search::PortfolioSearch> search_;
  ClientSlot slot_;
  durable::Registry registry_;
  RemoteWork remote_;
  std::unique_ptr<durable::Embedded> scheduler_;
  std::mutex capacity_mutex_;
  std::unique_ptr<CapacityRole> capacity_;
  std::unique_ptr<InlineTrainer> inline_trainer_;
  // Where roles are apart: one of these two speaks for the orchestrator.
  std::unique_ptr<durable::QueuedClient> queued_client_;
  std::unique_ptr<durable::ClientServer> client_server_;
  std::unique_ptr<Presence> presence_;
  std::unique_ptr<runtime::PeriodicTask> saying_;
  std::unique_ptr<OldTrainingQueue> old_trainings_;
  std::unique_ptr<runtime::PeriodicTask> reading_old_;
  std::vector<std::unique_ptr<durable::ActivityWorker>> workers_;
  std::unique_ptr<WorkerSeat> seat_;
  std::unique_ptr<durable::ActivityWorker> trainer_;
  durable::Client* client_ = nullptr;
  std::string sweep_results_from_;
  std::string sweep_claims_from_;
  std::string sweep_replies_from_;
  std::string sweep_logs_from_;
  std::string sweep_keys_from_;
  std::unique_ptr<LocalAdministration> administration_;
  std::unique_ptr<TrainingDesk> trainings_;
  std::unique_ptr<LocalPortfolios> portfolios_;
};

// The session that a command works in: this process where nobody owns the store, else the server
// that does. Errors: unavailable where a process that is no server owns it (with
// Work::orchestrations).
Result<std::unique_ptr<Session>> open_session(const Config& config, const Clock& clock,
                                              System::Work work);

}  // namespace cloudfolio::roles

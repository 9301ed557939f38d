#pragma once
// A whole small world by simulated time: a queue of jobs, container groups behind FakeArm, workers
// that live in them and go by the store's rows, and provisioners that are killed and come back.
//
// Everything random comes from the seed. `step()` moves one actor by one step; with `interleave`,
// actors also run between any two store operations of each other.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "capacity/provisioner.h"
#include "capacity/testing/fake_arm.h"
#include "capacity/testing/watched_table.h"
#include "storage/storage.h"

namespace cloudfolio::capacity::simulated {

enum class Interleave { no, yes };

struct QueuedJob {
  Job job;
  std::string held_by;  // A group's name; empty: visible.
  std::size_t runs = 0;
  bool done = false;
};

// Keeps what it is given, once for each name, and tells it on.
class MemoryUsage final : public UsageSink {
 public:
  explicit MemoryUsage(std::function<Status()> before = {}) : before_(std::move(before)) {}
  Status record(const Context& ctx, const WorkerUsage& usage) override {
    if (before_) CF_CHECK(before_());
    if (also) CF_CHECK(also->record(ctx, usage));
    by_name[usage.name] = usage;
    return Done{};
  }
  Status record_unknown(const Context& ctx, const std::string& name, WallTime now) override {
    if (before_) CF_CHECK(before_());
    if (also) CF_CHECK(also->record_unknown(ctx, name, now));
    unknown.push_back(name);
    return Done{};
  }
  UsageSink* also = nullptr;  // Hears the same, before it is kept here.
  std::map<std::string, WorkerUsage> by_name;
  std::vector<std::string> unknown;

 private:
  const std::function<Status()> before_;
};

class Simulation {
 public:
  Simulation(std::uint64_t seed, Policy policy, Interleave interleave);
  ~Simulation();

  void add_job(const std::string& tenant, std::chrono::seconds work);
  // Time passes; every worker takes its steps, and a pass of the provisioner follows.
  void pass(std::chrono::milliseconds time);
  // One random actor moves once.
  void step();
  // The provisioner's process is killed after so many more operations and another comes up.
  void kill_after(std::size_t operations);
  // From now on the provisioner is told what there was so long ago; with Report::wrong each job is
  // left out, told, or told beside one that nobody has, as chance will have it.
  enum class Report { right, wrong };
  void tell_late(std::chrono::seconds late, Report report);
  // The job needs nobody any more, as after a cancellation.
  void cancel_job(std::size_t index) { jobs_[index].done = true; }
  // `table`, at each of whose operations the provisioner's process may be killed as well.
  std::unique_ptr<storage::Table> killable(storage::Table& table);
  // Of the provisioner's processes so far: where kill_after() may strike.
  std::size_t operations_count() const { return operations_count_; }
  // Until all jobs are done and no group is left, or `longest` is over. False: something is left.
  bool settle(std::chrono::seconds longest);

  FakeArm& arm() { return arm_; }
  ManualClock& clock() { return clock_; }
  Random& random() { return random_; }
  const std::vector<QueuedJob>& jobs() const { return jobs_; }
  MemoryUsage& usage() { return usage_; }
  std::vector<std::string>& log() { return log_; }
  storage::Table& table() { return *table_; }
  storage::Storage& store() { return *storage_; }
  const Policy& policy() const { return policy_; }

  std::size_t duplicate_runs() const;  // Jobs begun more often than once.
  std::size_t killed_at_work() const { return killed_; }
  std::size_t idle_over_limit() const { return idle_over_limit_; }
  Result<Pass> ensure();

 private:
  struct SimulatedWorker;
  void open_provisioner();
  void move_worker(SimulatedWorker& worker);
  void act(SimulatedWorker& worker);
  void receive(SimulatedWorker& worker);
  void meet_workers();
  Status before_operation();
  Demand demand();

  ManualClock clock_;
  Random random_;
  const Policy policy_;
  const Interleave interleave_;
  std::unique_ptr<storage::Storage> storage_;
  storage::Table* table_ = nullptr;
  FakeArm arm_;
  std::unique_ptr<DirectClient> client_;
  FixedToken token_;
  MemoryUsage usage_{[this] { return before_operation(); }};
  std::unique_ptr<WatchedTable> watched_;
  std::unique_ptr<AciPlatform> platform_;
  std::unique_ptr<Provisioner> provisioner_;
  std::unique_ptr<WorkerBook> workers_book_;
  std::map<std::string, std::unique_ptr<SimulatedWorker>> workers_;
  std::vector<QueuedJob> jobs_;
  std::map<std::string, std::chrono::seconds> work_;
  std::vector<std::string> log_;
  std::optional<std::chrono::seconds> late_;     // Set: what is told was so long ago …
  Report report_ = Report::right;                // … and may be wrong.
  std::deque<std::pair<WallTime, Demand>> was_;  // What there was to tell, and when.
  std::size_t operations_count_ = 0;
  std::size_t operations_left_ = 0;  // Until the kill; 0: none is planned.
  bool dead_ = false;
  bool inside_ = false;        // An actor moves between another's operations.
  bool provisioning_ = false;  // A pass is under way.
  std::size_t killed_ = 0;
  std::size_t idle_over_limit_ = 0;
};

Policy aci_policy_for_tests();
AciOptions aci_options_for_tests();

}  // namespace cloudfolio::capacity::simulated

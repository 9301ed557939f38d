#include "capacity/testing/simulation.h"

#include <algorithm>

#include "base/ensure.h"

namespace cloudfolio::capacity::simulated {
namespace {

using std::chrono::seconds;

std::uint64_t generation_of(const std::string& name) {
  return std::stoull(name.substr(name.rfind('-') + 1));
}

constexpr seconds kHeartbeatEvery{20};

}  // namespace

struct Simulation::SimulatedWorker {
  std::string name;
  std::uint64_t generation = 0;
  enum class At { idle, received, working, lost } at = At::idle;
  std::size_t job = 0;
  Clock::WallTime work_ends;
  Clock::WallTime heartbeat_due;
  Clock::WallTime idle_since;
  bool moving = false;  // One thread of it, also while others move in between.
};

Policy aci_policy_for_tests() {
  Policy policy;
  policy.queue = "model-training-queue";
  policy.regions = {"westeurope", "northeurope"};
  policy.image = "example.azurecr.io/trainer:1";
  policy.workers_max = 4;
  policy.nanos_per_second = 30'000;
  return policy;
}

AciOptions aci_options_for_tests() {
  AciOptions options;
  options.url = "http://arm";
  options.subscription = "00000000-0000-0000-0000-000000000001";
  options.resource_group = "portfolio";
  options.owner = "installation-1";
  options.queue = "model-training-queue";
  options.identity_id =
      "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/portfolio/providers/"
      "Microsoft.ManagedIdentity/userAssignedIdentities/trainer";
  options.registry = "example.azurecr.io";
  options.command = {"/usr/bin/cloudfolio", "serve", "--role", "trainer"};
  options.environment = {{"CLOUDFOLIO_LOG", "json"}};
  options.cost_tags = {{"cost-service", "training"}};
  return options;
}

Simulation::Simulation(std::uint64_t seed, Policy policy, Interleave interleave)
    : random_(seed),
      policy_(std::move(policy)),
      interleave_(interleave),
      storage_(storage::open_memory(clock_)),
      arm_(clock_, seed * 31 + 7) {
  auto table = storage_->table(kWorkersTable);
  CF_ENSURE(table.ok(), "the memory store has tables");
  table_ = *table;
  open_provisioner();
}

Simulation::~Simulation() = default;

// Called before each operation of the store and of the platform.
Status Simulation::before_operation() {
  if (provisioning_ && !inside_) {
    ++operations_count_;
    if (dead_) return Error(Code::unavailable, "the process was killed");
    if (operations_left_ > 0 && --operations_left_ == 0) {
      dead_ = true;
      return Error(Code::unavailable, "the process is being killed");
    }
  }
  if (interleave_ == Interleave::no || inside_) return Done{};
  if (random_.below(3) == 0) {
    inside_ = true;
    clock_.advance(std::chrono::milliseconds(random_.below(20)));
    step();
    inside_ = false;
  }
  return Done{};
}

void Simulation::open_provisioner() {
  watched_ = std::make_unique<WatchedTable>(*table_, [this] { return before_operation(); });
  client_ = std::make_unique<DirectClient>([this](const http::Request& request) {
    // A request that a killed process does not send, or whose answer it does not see.
    if (!before_operation()) return http::Response{http::kBrokenOff, {}, {}};
    return arm_.handle(request);
  });
  platform_ = std::make_unique<AciPlatform>(aci_options_for_tests(), *client_, token_);
  workers_book_ = std::make_unique<WorkerBook>(*watched_, policy_.queue);
  provisioner_ = std::make_unique<Provisioner>(policy_, *watched_, storage_->leases(), *platform_,
                                               usage_, clock_, Random(random_.next()));
}

void Simulation::kill_after(std::size_t operations) {
  operations_left_ = operations;
}

void Simulation::add_job(const std::string& tenant, seconds work) {
  QueuedJob queued;
  queued.job = {"train-" + std::to_string(jobs_.size()), TenantId(tenant), clock_.wall_time()};
  work_[queued.job.id] = work;
  jobs_.push_back(queued);
}

void Simulation::tell_late(seconds late, Report report) {
  late_ = late;
  report_ = report;
}

std::unique_ptr<storage::Table> Simulation::killable(storage::Table& table) {
  return std::make_unique<WatchedTable>(table, [this] { return before_operation(); });
}

Demand Simulation::demand() {
  Demand demand;
  for (const QueuedJob& queued : jobs_)
    if (!queued.done) demand.jobs.push_back(queued.job);
  if (!late_) return demand;
  was_.emplace_back(clock_.wall_time(), std::move(demand));
  while (was_.size() > 1 && was_[1].first <= clock_.wall_time() - *late_) was_.pop_front();
  Demand told;
  for (const Job& job : was_.front().second.jobs) {
    const std::uint64_t chance = report_ == Report::right ? 1 : random_.below(3);
    if (chance > 0) told.jobs.push_back(job);
    if (chance > 1)
      told.jobs.push_back({job.id + "-again", TenantId("nobody-" + job.id), job.queued_at});
  }
  return told;
}

Result<Pass> Simulation::ensure() {
  if (provisioning_) return Pass{};
  provisioning_ = true;
  auto pass = provisioner_->ensure(Context(), demand());
  provisioning_ = false;
  if (pass) log_.insert(log_.end(), pass->log.begin(), pass->log.end());
  if (dead_) {
    dead_ = false;
    operations_left_ = 0;
    open_provisioner();
  }
  return pass;
}

// Workers appear with their groups, and vanish with them.
void Simulation::meet_workers() {
  const std::vector<std::string> speaking = arm_.speaking();
  for (const std::string& name : speaking) {
    if (workers_.contains(name)) continue;
    auto worker = std::make_unique<SimulatedWorker>();
    worker->name = name;
    worker->generation = generation_of(name);
    worker->idle_since = clock_.wall_time();
    workers_.emplace(name, std::move(worker));
  }
  for (auto it = workers_.begin(); it != workers_.end();) {
    if (it->second->moving ||
        std::find(speaking.begin(), speaking.end(), it->first) != speaking.end()) {
      ++it;
      continue;
    }
    if (it->second->at == SimulatedWorker::At::working) ++killed_;
    // The lease on its message runs out.
    for (QueuedJob& queued : jobs_)
      if (queued.held_by == it->first) queued.held_by.clear();
    it = workers_.erase(it);
  }
}

void Simulation::receive(SimulatedWorker& worker) {
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    if (jobs_[i].done || !jobs_[i].held_by.empty()) continue;
    jobs_[i].held_by = worker.name;
    worker.job = i;
    worker.at = SimulatedWorker::At::received;
    return;
  }
}

void Simulation::move_worker(SimulatedWorker& worker) {
  if (worker.moving) return;
  worker.moving = true;
  act(worker);
  worker.moving = false;
}

void Simulation::act(SimulatedWorker& worker) {
  using At = SimulatedWorker::At;
  const Clock::WallTime now = clock_.wall_time();
  if (worker.at != At::lost && now >= worker.heartbeat_due) {
    worker.heartbeat_due = now + kHeartbeatEvery;
    const auto order = workers_book_->heartbeat(Context(), worker.generation, now);
    if (!order && order.error().code() == Code::conflict) worker.at = At::lost;
  } else if (worker.at == At::idle) {
    receive(worker);
  } else if (worker.at == At::received) {
    const QueuedJob queued = jobs_[worker.job];
    const Status taken =
        workers_book_->take(Context(), worker.generation, queued.job.tenant, queued.job.id, now);
    if (taken) {
      ++jobs_[worker.job].runs;
      worker.at = At::working;
      worker.work_ends = now + work_[queued.job.id];
    } else {
      jobs_[worker.job].held_by.clear();
      worker.at = At::idle;
    }
  } else if (worker.at == At::working && now >= worker.work_ends) {
    const QueuedJob queued = jobs_[worker.job];
    const Status finished = workers_book_->finish(Context(), worker.generation, queued.job.id, now);
    if (finished) jobs_[worker.job].done = true;
    if (finished || finished.error().code() == Code::conflict) {
      if (!finished) jobs_[worker.job].held_by.clear();
      worker.at = At::idle;
      worker.idle_since = now;
    }
  }
}

void Simulation::step() {
  meet_workers();
  const std::uint64_t choice = random_.below(workers_.size() + 1);
  if (choice == workers_.size()) {
    if (auto pass = ensure(); !pass) log_.push_back(pass.error().message());
    return;
  }
  move_worker(*std::next(workers_.begin(), static_cast<std::ptrdiff_t>(choice))->second);
}

void Simulation::pass(std::chrono::milliseconds time) {
  clock_.advance(time);
  meet_workers();
  for (int i = 0; i < 3; ++i)
    for (auto& [name, worker] : workers_) move_worker(*worker);
  if (auto pass = ensure(); !pass) log_.push_back(pass.error().message());
  meet_workers();
  const auto limit = policy_.idle_limit + seconds(60);
  for (const auto& [name, worker] : workers_)
    if (worker->at == SimulatedWorker::At::idle && clock_.wall_time() - worker->idle_since > limit)
      ++idle_over_limit_;
}

bool Simulation::settle(seconds longest) {
  const Clock::WallTime end = clock_.wall_time() + longest;
  while (clock_.wall_time() < end) {
    const bool done = std::all_of(jobs_.begin(), jobs_.end(),
                                  [](const QueuedJob& queued) { return queued.done; });
    if (done && arm_.names().empty()) return true;
    pass(seconds(15));
  }
  return false;
}

std::size_t Simulation::duplicate_runs() const {
  return static_cast<std::size_t>(std::count_if(
      jobs_.begin(), jobs_.end(), [](const QueuedJob& queued) { return queued.runs > 1; }));
}

}  // namespace cloudfolio::capacity::simulated

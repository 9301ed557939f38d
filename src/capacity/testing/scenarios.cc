#include "capacity/testing/scenarios.h"

#include <algorithm>

#include "base/ensure.h"
#include "json/json.h"

#include "capacity/testing/simulated_processes.h"
#include "capacity/testing/simulation.h"

namespace cloudfolio::capacity::simulated {

using std::chrono::milliseconds;
using std::chrono::seconds;

IdleDeadlineOutcome around_the_idle_deadline(std::uint64_t seed) {
  Policy policy = aci_policy_for_tests();
  policy.nanos_per_second = 0;
  Simulation world(seed, policy, Interleave::yes);
  world.add_job("first", seconds(5));
  while (!world.jobs()[0].done) world.pass(seconds(10));
  const auto idle_since = world.clock().wall_time();
  // Shortly before the deadline, finer and finer.
  while (world.clock().wall_time() - idle_since < seconds(575)) world.pass(seconds(15));
  const auto deadline = idle_since + seconds(600);
  const auto lands = deadline - milliseconds(500) + milliseconds(world.random().below(2'000));
  while (world.clock().wall_time() < lands) {
    world.clock().advance(milliseconds(1 + world.random().below(400)));
    world.step();
  }
  const std::size_t before = world.arm().creations();
  world.add_job("second", seconds(5));
  for (int i = 0; i < 40; ++i) {
    world.clock().advance(milliseconds(1 + world.random().below(300)));
    world.step();
  }
  IdleDeadlineOutcome outcome;
  const bool settled = world.settle(seconds(3'600));
  const std::size_t made = world.arm().creations() - before;
  outcome.duplicate_starts = world.duplicate_runs() + (made > 1 ? made - 1 : 0);
  outcome.lost = settled ? 0 : 1;
  outcome.killed_at_work = world.killed_at_work();
  outcome.new_workers = made > 0 ? 1 : 0;
  outcome.old_workers = made > 0 ? 0 : 1;
  return outcome;
}

namespace {

ArmFaults twenty_percent() {
  ArmFaults faults;
  faults.before = 0.1;
  faults.after = 0.1;
  faults.half_list = 0.02;
  faults.never_starts = 0.05;
  faults.fails = 0.03;
  faults.forgets = 0.1;
  faults.no_capacity = 0.02;
  faults.start_seconds = 40;
  faults.delete_seconds = 90;
  return faults;
}

// What a group's PUT ordered.
WorkerSize size_of(const std::string& body) {
  const auto object = json::parse_object(body);
  const json::Array* containers =
      object ? json::find_array(*json::find_object(*object, "properties"), "containers") : nullptr;
  if (!containers) return {0, 0};
  const json::Value& first = containers->front();
  const auto* cpu = json::find_path(first, "properties.resources.requests.cpu");
  const auto* memory = json::find_path(first, "properties.resources.requests.memoryInGB");
  return {static_cast<int>(json::as_int(*cpu).value_or(0)),
          static_cast<int>(json::as_int(*memory).value_or(0))};
}

std::vector<BilledGroup> bill_of(Simulation& world) {
  std::vector<BilledGroup> bill;
  for (const ArmBill& line : world.arm().bill()) {
    const WorkerSize size = size_of(line.body);
    const Clock::WallTime from(milliseconds(line.from_ms));
    bill.push_back({line.name, from, static_cast<double>(line.to_ms - line.from_ms) / 1'000,
                    size.cpu_count, size.memory_gib});
  }
  return bill;
}

void fill(ChaosOutcome& outcome, Simulation& world) {
  outcome.orphans = world.arm().names().size();
  outcome.not_done = static_cast<std::size_t>(std::count_if(
      world.jobs().begin(), world.jobs().end(), [](const QueuedJob& job) { return !job.done; }));
  outcome.killed_at_work = world.killed_at_work();
  outcome.idle_over_limit = world.idle_over_limit();
  outcome.creations = world.arm().creations();
  outcome.bill = bill_of(world);
  for (const auto& [name, usage] : world.usage().by_name) outcome.usages.push_back(usage);
}

// The rows of workers, of all or of those that are not being deleted.
enum class Rows { all, staying };
std::size_t rows_count(Simulation& world, Rows which) {
  const auto book = WorkerBook(world.table(), world.policy().queue).load(Context());
  CF_ENSURE(book.ok(), "the memory store can be read");
  return static_cast<std::size_t>(
      std::count_if(book->workers.begin(), book->workers.end(), [&](const auto& one) {
        return which == Rows::all || one.second.state != WorkerState::deleting;
      }));
}

void finish(WrongCountOutcome& outcome, Simulation& world) {
  const bool settled = world.settle(seconds(7'200));
  outcome.left = settled ? 0 : world.arm().names().size() + 1;
  outcome.creations = world.arm().creations();
  outcome.duplicate_runs = world.duplicate_runs();
  outcome.killed_at_work = world.killed_at_work();
}

}  // namespace

WrongCountOutcome under_wrong_counts(std::uint64_t seed) {
  Policy policy = aci_policy_for_tests();
  policy.idle_limit = seconds(120);
  Simulation world(seed, policy, Interleave::no);
  world.tell_late(seconds(60), Simulation::Report::wrong);
  WrongCountOutcome outcome;
  for (int i = 0; i < 60; ++i) {
    if (i % 5 == 0)
      world.add_job("tenant-" + std::to_string(world.random().below(6)),
                    seconds(10 + world.random().below(90)));
    world.pass(seconds(10 + world.random().below(10)));
    outcome.most_groups = std::max(outcome.most_groups, rows_count(world, Rows::staying));
  }
  finish(outcome, world);
  return outcome;
}

WrongCountOutcome after_the_work_was_cancelled(std::uint64_t seed) {
  Policy policy = aci_policy_for_tests();
  policy.idle_limit = seconds(120);
  Simulation world(seed, policy, Interleave::no);
  world.tell_late(seconds(60), Simulation::Report::right);
  world.add_job("ada", seconds(30));
  WrongCountOutcome outcome;
  for (int i = 0; i < 40; ++i) {
    world.pass(seconds(10 + world.random().below(10)));
    world.cancel_job(0);
    outcome.most_groups = std::max(outcome.most_groups, rows_count(world, Rows::staying));
  }
  finish(outcome, world);
  return outcome;
}

KillOutcome killed_at(std::uint64_t seed, std::size_t operation, const MakeSink& also) {
  Policy policy = aci_policy_for_tests();
  policy.idle_limit = seconds(45);
  Simulation world(seed, policy, Interleave::no);
  const std::unique_ptr<UsageSink> sink = also ? also(world) : nullptr;
  world.usage().also = sink.get();
  ArmFaults pace;
  pace.start_seconds = static_cast<int>(10 + world.random().below(40));
  pace.delete_seconds = static_cast<int>(5 + world.random().below(60));
  world.arm().set_faults(pace);
  world.add_job("ada", seconds(1 + world.random().below(40)));
  if (world.random().below(2) == 0) world.add_job("bea", seconds(1 + world.random().below(40)));
  if (operation > 0) world.kill_after(operation);
  KillOutcome outcome;
  for (int i = 0; i < 200; ++i) {
    const std::size_t before = world.operations_count();
    world.pass(seconds(10 + world.random().below(10)));
    if (operation > before && operation <= world.operations_count()) {
      ++outcome.kills;
      if (seed % 2 == 0) world.kill_after(1 + world.random().below(8));
    }
    const auto& jobs = world.jobs();
    if (std::all_of(jobs.begin(), jobs.end(), [](const QueuedJob& job) { return job.done; }) &&
        world.arm().names().empty() && rows_count(world, Rows::all) == 0)
      break;
  }
  fill(outcome, world);
  outcome.operations = world.operations_count();
  outcome.duplicate_runs = world.duplicate_runs();
  return outcome;
}

ChaosOutcome cycles_under_faults(std::uint64_t seed, std::size_t cycles) {
  Policy policy = aci_policy_for_tests();
  Simulation world(seed, policy, Interleave::no);
  world.arm().set_faults(twenty_percent());
  ChaosOutcome outcome;
  for (std::size_t cycle = 0; cycle < cycles; ++cycle) {
    world.add_job("tenant-" + std::to_string(world.random().below(6)),
                  seconds(20 + world.random().below(200)));
    const std::size_t creations = world.arm().creations();
    // A cycle: until its group is gone; a later one begins while an earlier one ends.
    for (int i = 0; i < 400; ++i) {
      if (world.random().below(40) == 0) {
        ++outcome.kills;
        world.kill_after(1 + world.random().below(12));
      }
      world.pass(seconds(10 + world.random().below(10)));
      if (world.arm().creations() > creations && world.jobs().back().done &&
          world.arm().names().empty())
        break;
    }
  }
  world.settle(seconds(7'200));
  // The last group is gone; the ledger hears of it when a whole list says so.
  for (int i = 0; i < 10; ++i) world.pass(seconds(15));
  fill(outcome, world);
  return outcome;
}

std::size_t idle_container_groups_after(seconds time, std::uint64_t seed) {
  Simulation world(seed, aci_policy_for_tests(), Interleave::no);
  for (int i = 0; i < 4; ++i) world.add_job("tenant-" + std::to_string(i), seconds(30));
  const auto busy = [&world] {
    return std::any_of(world.jobs().begin(), world.jobs().end(),
                       [](const QueuedJob& job) { return !job.done; });
  };
  while (busy()) world.pass(seconds(10));
  const auto end = world.clock().wall_time() + time;
  while (world.clock().wall_time() < end) world.pass(seconds(10));
  return world.arm().names().size();
}

std::size_t idle_processes_after(seconds time, std::uint64_t seed) {
  ManualClock clock;
  auto store = storage::open_memory(clock);
  auto table = store->table(kWorkersTable);
  SimulatedProcesses processes;
  MemoryUsage usage;
  Policy policy;
  policy.liveness = Liveness::platform;
  policy.idle_limit = seconds(0);
  Provisioner provisioner(policy, **table, store->leases(), processes, usage, clock, Random(seed));
  Demand demand;
  for (int i = 0; i < 4; ++i)
    demand.jobs.push_back(
        {"job-" + std::to_string(i), TenantId("tenant-" + std::to_string(i)), clock.wall_time()});
  for (int i = 0; i < 30; ++i) {
    clock.advance(seconds(1));
    (void)provisioner.ensure(Context(), demand);
  }
  const std::size_t made = processes.creations();
  // Two end with their job; two linger although it is done.
  int odd = 0;
  for (const auto& [name, job] : processes.running())
    if (odd++ % 2 == 0) processes.end(name);
  demand.jobs.clear();
  for (auto passed = seconds(0); passed < time; passed += seconds(1)) {
    clock.advance(seconds(1));
    (void)provisioner.ensure(Context(), demand);
  }
  return made == 4 ? processes.running().size() : made + 100;
}

}  // namespace cloudfolio::capacity::simulated

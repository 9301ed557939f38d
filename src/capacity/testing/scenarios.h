#pragma once
// The worlds that tests and bench/services run, and what came of them.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "capacity/usage.h"

namespace cloudfolio::capacity::simulated {

class Simulation;

struct IdleDeadlineOutcome {
  std::size_t duplicate_starts = 0;  // Work begun twice, or more new workers than work for them.
  std::size_t lost = 0;              // Work that was never done.
  std::size_t killed_at_work = 0;
  std::size_t new_workers = 0;  // Seeds in which a new generation did it …
  std::size_t old_workers = 0;  // … and in which the old one did.
};
// A worker is about to be idle for too long; a message lands 0 to 2,000 ms around that deadline,
// and everybody's steps interleave at the store's operations.
IdleDeadlineOutcome around_the_idle_deadline(std::uint64_t seed);

struct WrongCountOutcome {
  std::size_t most_groups = 0;  // That were not yet being deleted.
  std::size_t creations = 0;
  std::size_t left = 0;  // Groups at the end, and jobs that were not done.
  std::size_t duplicate_runs = 0;
  std::size_t killed_at_work = 0;
};
// Twelve jobs, told a minute late and wrongly by up to all of them, at every pass.
WrongCountOutcome under_wrong_counts(std::uint64_t seed);
// What is told is a minute old, and what it told of is no longer there.
WrongCountOutcome after_the_work_was_cancelled(std::uint64_t seed);

struct BilledGroup {
  std::string name;
  Clock::WallTime from;
  double seconds = 0;
  int cpu_count = 0;
  int memory_gib = 0;
};

struct ChaosOutcome {
  std::size_t orphans = 0;   // Groups at the end, and groups that were never asked to go.
  std::size_t not_done = 0;  // Jobs.
  std::size_t killed_at_work = 0;
  std::size_t idle_over_limit = 0;
  std::size_t creations = 0;
  std::size_t kills = 0;            // Of the provisioner's process, in the middle of a pass.
  std::vector<BilledGroup> bill;    // By the platform's own book …
  std::vector<WorkerUsage> usages;  // … and as told to the usage sink.
};
// Create, work, idle, delete, again and again, with 20 % of Resource Manager's answers going wrong.
ChaosOutcome cycles_under_faults(std::uint64_t seed, std::size_t cycles);

// Two pieces of work, from nothing to nothing, with the provisioner's process killed at the given
// operation (0: never) and, by every second seed, killed again while it puts that right. `also`
// hears what its workers cost, and may be killed in the middle (Simulation::killable of its table).
struct KillOutcome : ChaosOutcome {
  std::size_t operations = 0;
  std::size_t duplicate_runs = 0;
};
using MakeSink = std::function<std::unique_ptr<UsageSink>(Simulation&)>;
KillOutcome killed_at(std::uint64_t seed, std::size_t operation, const MakeSink& also = {});

// Workers that hold nothing and are still there so long after their last work.
std::size_t idle_container_groups_after(std::chrono::seconds time, std::uint64_t seed);
std::size_t idle_processes_after(std::chrono::seconds time, std::uint64_t seed);

}  // namespace cloudfolio::capacity::simulated

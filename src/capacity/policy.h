#pragma once
// How many workers, for how long, and for how much: what the planner decides by.
//
// The limits of Azure Container Instances (100 creations in 5 minutes, 300 an hour, a region and
// subscription) are its documented quotas; ours stay 10 % below, because others create there too.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace cloudfolio::capacity {

// Who says that a worker lives and what it holds.
enum class Liveness {
  heartbeats,  // The worker itself, through its row: it takes one job after the other.
  platform,    // The platform: a worker is one job, holds it from its start, and ends with it.
};

// What the platform's word that a worker ended is worth.
enum class Endings {
  claimed,  // It may be wrong: what says that it lives is believed.
  certain,  // It is so: the kernel says it of a process.
};

// What becomes of running work when the day's money is spent.
enum class OverBudget {
  finish,           // It goes on to its end.
  checkpoint_stop,  // It is asked to stop at a checkpoint, and is deleted stop_grace later.
};

struct WorkerSize {
  int cpu_count = 2;
  int memory_gib = 4;
};

struct Policy {
  std::string queue = "model-training-queue";
  Liveness liveness = Liveness::heartbeats;
  Endings endings = Endings::claimed;
  std::size_t workers_max = 4;  // Over all tenants; one a tenant in any case.
  // Workers that are being deleted do not count above; beyond so many of them nothing is created.
  std::size_t stuck_max = 8;
  // First choice first; what has no capacity is followed by a smaller size, then another region.
  std::vector<WorkerSize> sizes{{2, 4}, {1, 2}};
  std::vector<std::string> regions{"local"};
  std::string image;

  std::chrono::seconds idle_limit{600};
  std::chrono::seconds start_limit{180};     // Until the first heartbeat.
  std::chrono::seconds heartbeat_limit{90};  // Beyond, the worker is lost and its work free.
  std::chrono::seconds settle{60};           // A new group may be missing from a list so long.
  std::chrono::seconds ask_again{30};        // Between two requests to create or delete one.
  std::chrono::seconds delete_alarm{900};    // A deletion that takes longer is told to people.
  std::chrono::seconds stop_grace{60};
  std::chrono::seconds lease{30};  // A leader that died is followed after so long.

  std::size_t creations_per_5_minutes_max = 90;
  std::size_t creations_per_hour_max = 270;
  std::size_t failures_to_open = 3;        // Failed starts in a row until the circuit opens …
  std::size_t failures_to_give_up = 5;     // … and until the work that the last was for is told.
  std::chrono::seconds open_first{60};     // Doubles …
  std::chrono::seconds open_longest{480};  // … up to this.
  std::chrono::seconds quota_probe{300};   // One attempt in so long while the quota is reached.

  // Billionths of the currency for a second of a worker of sizes[0]. 0: nothing is counted.
  std::int64_t nanos_per_second = 0;
  std::int64_t day_limit_micros = 0;     // 0: no limit. A UTC day.
  std::int64_t tenant_limit_micros = 0;  // The same, of one tenant's work.
  OverBudget over_budget = OverBudget::finish;
};

}  // namespace cloudfolio::capacity

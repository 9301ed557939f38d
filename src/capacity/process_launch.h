#pragma once
// Starts one process in a session of its own, which keeps a lock that it inherits.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "capacity/policy.h"

namespace cloudfolio::capacity {

struct Launch {
  std::vector<std::string> command;      // The first is a path.
  std::vector<std::string> environment;  // All of it.
  int lock = -1;                         // Locked, and where the process writes its id.
  std::string log;                       // Path of its output.
  std::string cgroup_procs;              // Path to join by; empty: limit_memory().
  WorkerSize size;
  std::uint64_t turn = 0;  // Which processors it gets: bind_to_processors().
};

// Its process id, once the program runs. Errors: quota_exceeded (no more processes),
// invalid_argument (the program cannot be run; says why).
Result<int> launch(const Launch& launch);

}  // namespace cloudfolio::capacity

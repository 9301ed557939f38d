#pragma once
// Capacity: workers where there is work, and none where there is none.
//
//   provisioner.h  `process` and `aci`: a planner over the store, and a platform that runs workers.
//   external.h     `external`: somebody else brings workers; what waits is only made known.
//
// Whoever knows that something changed calls ensure(); it is also called every few seconds, by any
// number of processes: one of them leads.
// Threads: thread-safe.

#include <cstdint>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "capacity/planner.h"

namespace cloudfolio::capacity {

// What waits or runs, as the store knows it: never a queue's own estimate of its length.
struct Demand {
  std::vector<Job> jobs;
};

// Work for which no worker can be started, and why; whoever waits for it should be told.
struct GivenUp {
  std::string job;
  std::string why;
};

struct Pass {
  enum class Part { led, followed } part = Part::led;  // followed: another process leads.
  std::size_t workers = 0;                             // That count against the maximum.
  std::size_t deleting = 0;                            // That are still paid for.
  std::vector<std::string> log;  // Decisions, alarms, and what went wrong, for people.
  std::vector<GivenUp> given_up = {};
};

struct WorkerView {
  std::string name;
  std::string state;
  std::string job;
  std::string detail;
};

class Capacity {
 public:
  virtual ~Capacity() = default;
  // One step towards as many workers as the demand deserves. Idempotent; what could not be done now
  // is said in the log and tried again by the next call. Errors: the store's.
  virtual Result<Pass> ensure(const Context& ctx, const Demand& demand) = 0;
  virtual Result<std::vector<WorkerView>> observe(const Context& ctx) = 0;
  // The job is done, or to be ended: its worker goes now, where it serves only that job. Nothing
  // happens where no worker holds it.
  virtual Status release(const Context& ctx, const std::string& job) = 0;
};

}  // namespace cloudfolio::capacity

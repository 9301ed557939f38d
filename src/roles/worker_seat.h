#pragma once
// WorkerSeat: this process as one of the workers that capacity made: it says that it lives, and
// takes work only while nobody else works for the same tenant and capacity has not given it up.
//
// Threads: thread-safe; `on_lost` is called once, from the seat's own thread. Everything given
// outlives it.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "capacity/worker_book.h"
#include "durable/registry.h"
#include "runtime/periodic_task.h"
#include "telemetry/log.h"

namespace cloudfolio::roles {

class WorkerSeat {
 public:
  static constexpr std::chrono::seconds kSayEvery{5};

  struct Parts {
    storage::Table& workers;
    const Clock& clock;
    telemetry::Log& log;
    // The worker is to end: capacity wants it gone, or asks it to stop at a checkpoint.
    std::function<void(const std::string& why)> on_lost;
  };
  WorkerSeat(std::uint64_t generation, Parts parts);

  // The right to begin. conflict: not this worker, or not now.
  Status take(const durable::ActivityInfo& activity);
  // What was taken is over.
  void let_go(const durable::ActivityInfo& activity);

 private:
  void say(std::stop_token stop);

  const std::uint64_t generation_;
  const Parts parts_;
  capacity::WorkerBook book_;
  std::atomic<bool> lost_{false};
  std::unique_ptr<runtime::PeriodicTask> saying_;
};

}  // namespace cloudfolio::roles

#pragma once
// PeriodicTask: runs work every so often, on a thread of its own, until destroyed.
//
// Promises: runs never overlap; a run that takes longer than the interval delays the next one and
// is not made up for. The first run is one interval after the start, or at once with First::now.
// Threads: the work runs on the task's thread; poke() may be called from any.
// Lifetime: the destructor asks the running work to stop (its token) and joins.

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.h"

namespace cloudfolio::runtime {

enum class First { after_interval, now };

class PeriodicTask {
 public:
  struct Options {
    std::string name = {};
    std::chrono::nanoseconds every{};
    First first = First::after_interval;
  };

  // `clock` outlives the task.
  PeriodicTask(Options options, const Clock& clock, std::function<void(std::stop_token)> work);
  ~PeriodicTask();
  PeriodicTask(const PeriodicTask&) = delete;
  PeriodicTask& operator=(const PeriodicTask&) = delete;

  // Look at the clock again: after a ManualClock was moved.
  void poke();
  // Run now, whatever the clock says; the interval starts again.
  void run_now();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cloudfolio::runtime

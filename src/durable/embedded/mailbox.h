#pragma once
// What other threads have for the scheduler's owner: callers' commands and activities' results.
//
// Threads: put() and friends from any; take() from the owner.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/result.h"
#include "durable/dispatcher.h"

namespace cloudfolio::durable {

class Engine;

// A caller that waits for an answer.
class Call {
 public:
  // Answered or not, at most this long. Null: not answered in time.
  std::optional<Status> wait_for(std::chrono::nanoseconds time);
  // The first answer counts.
  void answer(Status status);

 private:
  std::mutex mutex_;
  std::condition_variable answered_;
  std::optional<Status> answer_;
};

struct Command {
  // Run by the owner inside a batch; its answer is given when the batch is durable.
  std::function<Status(Engine&)> run;
  std::shared_ptr<Call> call;
};

struct ActivityReport {
  ActivityTask task;
  Result<std::string> result;
};

class Mailbox {
 public:
  struct Arrivals {
    std::vector<Command> commands;
    std::vector<ActivityReport> reports;
    bool closed = false;
  };

  // False once closed: the command is not taken.
  bool put(Command command);
  void put(ActivityReport report);
  // Wakes the owner with nothing.
  void nudge();
  // No commands any more; the owner sees `closed` with what is left. Reports are still taken.
  void close();

  // Everything that is there; waits for something until the time (none: as long as it takes).
  Arrivals take(std::optional<std::chrono::nanoseconds> wait_max);

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  Arrivals arrivals_;
  bool nudged_ = false;
};

}  // namespace cloudfolio::durable

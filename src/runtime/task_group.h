#pragma once
// TaskGroup: owns background jobs, each on a thread of its own, and waits for all of them.
//
// For few, long jobs (loops of a role, a listener). Many short ones belong to a ThreadPool.
//
// Promises: every job gets the group's stop token; a job that returns an error other than cancelled
// is told to `on_error`, once, on the job's thread. What a job throws becomes Code::internal.
// Threads: thread-safe, but close() not from a job.
// Lifetime: the destructor asks all jobs to stop and joins them.

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cloudfolio::runtime {

class TaskGroup {
 public:
  using Job = std::function<Status(std::stop_token)>;
  using OnError = std::function<void(std::string_view job, const Error&)>;

  explicit TaskGroup(OnError on_error);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Code::unavailable once the group is closed.
  Status start(std::string name, Job job);
  // Asks every job to stop; returns at once.
  void request_stop();
  // Returns when all jobs have ended; asks nobody to stop.
  void wait();
  // request_stop() and wait(); nothing can be started after it.
  void close();
  std::size_t running_count() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cloudfolio::runtime

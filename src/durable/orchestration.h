#pragma once
// Writing orchestrations: a coroutine that calls activities, waits for timers and events, and goes
// on after a crash as if nothing had happened.
//
//   Orchestration<> greet(OrchestrationContext& ctx, std::string input) {
//     CF_CO_TRY(auto name, co_await ctx.call("find_name", std::move(input)));
//     std::vector<Task> greetings;
//     for (const char* tongue : {"en", "fr"}) greetings.push_back(ctx.call("greet", tongue +
//     name)); auto all = co_await when_all(std::move(greetings)); co_return all[0].ok() ? *all[0] :
//     "hello";
//   }
//
// Rules of a deterministic coroutine (a broken one stalls the instance, with what was expected and
// what was found):
//  - The outside world only through ctx: no clock, chance, thread, file, network, mutable global,
//  and
//    no order of an unordered container. Anything else belongs into an activity.
//  - Only what this header makes may be awaited. Parameters by value, except ctx.
//  - GCC 12: no braced aggregate and no lambda in a statement that awaits; name it first.
//  - An orchestrator lambda has no captures of its own frame: write a function.
// Failure is a value: awaiting gives a Result, and the Error's code survives the history. An
// exception that leaves the coroutine fails the instance with Code::internal.
//
// Ordering: calls take effect in the order in which they are made, when the turn ends (not when
// they are awaited). A task completes when its event is processed, in the history's order.

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "durable/coroutine.h"
#include "durable/history.h"
#include "durable/retry_policy.h"

namespace cloudfolio::durable {

class Execution;

// A call, timer or event that was asked for and may be awaited, any number of times, also after it
// completed. A handle: copies are the same task.
class Task {
 public:
  explicit Task(std::shared_ptr<detail::Cell> cell) : cell_(std::move(cell)) {}

  bool done() const { return cell_->done(); }
  // Only of a task that is done.
  const Result<std::string>& result() const { return cell_->result(); }

  bool await_ready() const { return done(); }
  void await_suspend(std::coroutine_handle<> waiter) const { cell_->resume_when_done(waiter); }
  Result<std::string> await_resume() const { return result(); }

 private:
  friend class AllOf;
  friend class AnyOf;
  std::shared_ptr<detail::Cell> cell_;
};

// Awaiting gives every task's result, in the order given, when all are done.
class AllOf {
 public:
  explicit AllOf(std::vector<Task> tasks);
  bool await_ready() const;
  void await_suspend(std::coroutine_handle<> waiter) const;
  std::vector<Result<std::string>> await_resume() const;

 private:
  std::vector<Task> tasks_;
};

// Awaiting gives the index of the task that was first done, by the history's order. The others go
// on; an unfinished timer or call is simply no longer waited for.
class AnyOf {
 public:
  explicit AnyOf(std::vector<Task> tasks);
  bool await_ready() const;
  void await_suspend(std::coroutine_handle<> waiter) const;
  std::size_t await_resume() const;

 private:
  std::vector<Task> tasks_;
};

inline AllOf when_all(std::vector<Task> tasks) {
  return AllOf(std::move(tasks));
}
// At least one task.
inline AnyOf when_any(std::vector<Task> tasks) {
  return AnyOf(std::move(tasks));
}
AnyOf when_any(Task a, Task b);

// What an orchestration may do. Valid while its coroutine lives; one thread at a time.
class OrchestrationContext {
 public:
  explicit OrchestrationContext(Execution& execution) : execution_(execution) {}
  OrchestrationContext(const OrchestrationContext&) = delete;
  OrchestrationContext& operator=(const OrchestrationContext&) = delete;

  // Runs an activity, at least once. Payloads are text, JSON by convention.
  Task call(std::string activity, std::string input, RetryPolicy retry = RetryPolicy());
  // Runs an orchestration as a child and waits for its output. An empty instance id is derived from
  // this execution. If a live instance has the id, the task fails with Code::conflict.
  Task call_sub(std::string orchestration, std::string instance_id, std::string input,
                RetryPolicy retry = RetryPolicy());
  // Done (with an empty text) at that time, durably.
  Task timer(std::chrono::milliseconds after);
  Task timer_at(Clock::WallTime at);
  // The next unconsumed event of that name (case-insensitive), first come first served; events that
  // nobody waits for are kept. A wait whose last handle is gone consumes nothing.
  Task external_event(std::string name);
  // The same, or Code::deadline_exceeded after `timeout`; zero or less: at once, unless one is
  // kept.
  Task external_event(std::string name, std::chrono::milliseconds timeout);
  // Starts a coroutine that goes on beside this one. It is dropped when the orchestration ends.
  Task spawn(Orchestration<std::string> coroutine);

  // To another instance, not awaited; lost if there is none when it arrives.
  void send_event(std::string instance_id, std::string name, std::string payload);
  void set_custom_status(std::string json);
  // `co_return ctx.continue_as_new(input);` starts over under the same instance id with an empty
  // history. Events not consumed yet are kept; timers and results of the old execution are dropped.
  // An orchestration that then returns an Error fails instead.
  std::string continue_as_new(std::string input);

  const std::string& instance_id() const;
  const std::string& execution_id() const;
  const std::string& name() const;
  const std::string& version() const;
  const Tags& tags() const;
  // The time at which this turn began: the same when replayed.
  Clock::WallTime now() const;
  // A UUID, unlike any other, the same when replayed.
  std::string new_guid();
  // Seeded by the execution id: the same numbers when replayed.
  Random& random();
  // True while past events are processed: for log lines that should be written once.
  bool is_replaying() const;

 private:
  Execution& execution_;
};

}  // namespace cloudfolio::durable

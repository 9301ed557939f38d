#pragma once
// One execution of an orchestration: events in, actions out. No clock, no chance, no I/O: the same
// events give the same actions, whether they are fed turn by turn to a live coroutine or all at
// once to a new one.
//
//   Execution execution(registry);
//   CF_CHECK(execution.replay(past));               // the committed history; empty the first time
//   CF_TRY(auto turn, execution.run(new_events));   // OrchestratorStarted first
//   // commit new_events and echo(turn.actions) in one transaction; then run() the next turn.
//
// After run() the execution takes its actions for committed. If the commit fails, or any call here
// returned an error, destroy the execution and replay the history that is committed.
//
// Errors: conflict: the history was not written by this code (expected and found are in the
// message). not_found: no such orchestration is registered. In both cases nothing is lost: the
// caller keeps the events and tries again with other code.
//
// Threads: one at a time. Lifetime: the registry outlives it. Destroying it runs the destructors of
// the suspended coroutines, and nothing else.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "durable/action.h"
#include "durable/event_inbox.h"
#include "durable/orchestration.h"
#include "durable/registry.h"

namespace cloudfolio::durable {

struct Turn {
  std::vector<Action> actions;               // By id.
  std::optional<std::string> custom_status;  // Where the orchestration set one in this turn.
};

class Execution {
 public:
  explicit Execution(const Registry& registry) : registry_(registry) {}
  ~Execution();
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;

  Status replay(std::span<const HistoryEvent> past);
  Result<Turn> run(std::span<const HistoryEvent> fresh);

  // The coroutine has returned, or the execution was terminated.
  bool finished() const { return end_.has_value(); }
  // A guess at the memory that it holds.
  std::size_t live_bytes() const;

 private:
  friend class OrchestrationContext;

  // What becomes of a scheduled action. The flag: no retry policy may try again.
  struct Outcome {
    Result<std::string> result;
    bool non_retriable = false;
  };
  using Then = std::function<void(Outcome)>;
  struct Retrying;
  struct End {
    std::int32_t action_id = 0;
    CompleteOrchestration body;
  };
  struct Spawned {
    Orchestration<> coroutine;
    std::shared_ptr<detail::Cell> cell;
  };

  // Asked for by the coroutine, through its context.
  std::shared_ptr<detail::Cell> make_cell() { return std::make_shared<detail::Cell>(loop_); }
  std::int32_t act(decltype(Action::body) body);
  void act(decltype(Action::body) body, Then then);
  void attempt(std::shared_ptr<Retrying> call);
  Task begin(decltype(Action::body) body, RetryPolicy retry);
  Task wait_for_event(std::string name, std::optional<std::chrono::milliseconds> timeout);
  Task spawn(Orchestration<> coroutine);
  std::string new_guid();

  Status take(const HistoryEvent& event);
  Status on(const HistoryEvent& event, const ExecutionStarted& started);
  Status on_echo(const HistoryEvent& event);
  void on_outcome(std::int32_t action_id, Outcome outcome);
  void on_terminated(const ExecutionTerminated& event);
  Status on_resumed();
  Status ensure_all_echoed(const std::string& expected);
  Error non_deterministic(const std::string& expected, const std::string& found) const;
  void settle();
  std::vector<Action> collect();

  const Registry& registry_;
  detail::Loop loop_;
  OrchestrationContext context_{*this};
  std::optional<Orchestration<>> root_;
  std::list<Spawned> spawned_;

  ExecutionStarted started_;
  bool has_started_ = false;
  bool replaying_ = false;
  Clock::WallTime now_{};
  std::int32_t last_action_id_ = 0;
  std::map<std::int32_t, Action> pending_;       // Asked for, not in the history yet.
  std::unordered_map<std::int32_t, Then> open_;  // In the history or pending, without an outcome.
  EventInbox events_;
  bool suspended_ = false;
  History held_back_;  // While suspended.
  std::optional<std::string> custom_status_;
  std::optional<std::string> next_input_;  // Of continue-as-new.
  std::optional<End> end_;
  Random random_{0};
  Random guids_{0};
  std::size_t payload_bytes_ = 0;
};

}  // namespace cloudfolio::durable

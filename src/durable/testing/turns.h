#pragma once
// Drives one execution turn by turn, as a scheduler would, without one: for tests.
//
// Every turn runs three times: on the live coroutine, on a fresh one fed the whole history, and,
// with `evict()` in between, on a replayed live one. A difference in actions fails the test.

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "durable/execution.h"

namespace cloudfolio::durable::testing {

class Turns {
 public:
  Turns(const Registry& registry, std::string name, std::string input = {})
      : registry_(registry), live_(std::make_unique<Execution>(registry)) {
    ExecutionStarted started;
    started.name = std::move(name);
    started.input = std::move(input);
    started.instance_id = "instance";
    started.execution_id = "0123456789abcdef0123456789abcdef";
    pending_.push_back(HistoryEvent{kNoEventId, clock_.wall_time(), started});
  }

  // Queues an event for the next turn.
  Turns& give(EventBody body) {
    pending_.push_back(HistoryEvent{kNoEventId, clock_.wall_time(), std::move(body)});
    return *this;
  }
  Turns& complete(std::int32_t id, std::string result = {}) {
    return give(TaskCompleted{id, std::move(result)});
  }
  Turns& fail(std::int32_t id, Error error) { return give(TaskFailed{id, failure_from(error)}); }
  Turns& fire(std::int32_t id) { return give(TimerFired{clock_.wall_time(), id}); }
  Turns& raise(std::string name, std::string input) {
    return give(EventRaised{std::move(name), std::move(input)});
  }

  // Runs a turn with what was given, commits it, and gives its actions.
  Result<std::vector<Action>> turn() {
    History fresh{{kNoEventId, clock_.wall_time(), OrchestratorStarted{}}};
    for (auto& event : std::exchange(pending_, {})) fresh.push_back(std::move(event));
    Execution cold(registry_);
    CF_CHECK(cold.replay(history));
    CF_TRY(auto cold_turn, cold.run(fresh));
    if (!live_) {
      live_ = std::make_unique<Execution>(registry_);
      CF_CHECK(live_->replay(history));
    }
    CF_TRY(auto live_turn, live_->run(fresh));
    EXPECT_EQ(list(live_turn.actions), list(cold_turn.actions)) << "live and cold differ";
    EXPECT_TRUE(live_turn.actions == cold_turn.actions) << "live and cold differ in a payload";
    custom_status = live_turn.custom_status.value_or(custom_status);
    for (auto& event : fresh) history.push_back(std::move(event));
    for (const Action& action : live_turn.actions) {
      history.push_back(echo(action, clock_.wall_time()));
      if (const auto* end = std::get_if<CompleteOrchestration>(&action.body)) output = *end;
    }
    return std::move(live_turn.actions);
  }
  // The same as text, one action a line; an error as its message.
  std::string run() {
    auto actions = turn();
    return actions ? list(*actions) : actions.error().message();
  }
  void evict() { live_.reset(); }
  // After continue-as-new: a new history with the next input and what was carried over.
  void continue_as_new() {
    auto started = *started_of(history);
    started.input = output.result;
    started.execution_id[0] = started.execution_id[0] == 'f' ? '0' : 'f';
    history.clear();
    live_.reset();
    pending_.push_back(HistoryEvent{kNoEventId, clock_.wall_time(), started});
    for (auto& event : output.carryover) pending_.push_back(std::move(event));
    output = {};
  }
  void pass(std::chrono::milliseconds time) { clock_.advance(time); }
  Clock::WallTime now() const { return clock_.wall_time(); }

  static std::string list(const std::vector<Action>& actions) {
    std::string text;
    for (const Action& action : actions) {
      if (!text.empty()) text += "; ";
      text += describe(action);
      if (const auto* end = std::get_if<CompleteOrchestration>(&action.body)) {
        text += " " + std::string(to_string(end->status)) + " '" +
                (end->failure ? end->failure->type + ": " + end->failure->message : end->result) +
                "'";
      }
    }
    return text;
  }

  static const ExecutionStarted* started_of(const History& history) {
    for (const HistoryEvent& event : history) {
      if (const auto* started = std::get_if<ExecutionStarted>(&event.body)) return started;
    }
    return nullptr;
  }

  History history;
  std::string custom_status;
  CompleteOrchestration output;

 private:
  const Registry& registry_;
  ManualClock clock_;
  std::unique_ptr<Execution> live_;
  History pending_;
};

}  // namespace cloudfolio::durable::testing

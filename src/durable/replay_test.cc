// Random orchestrations, random order of results, random eviction: live and replayed coroutines ask
// for the same, always (Turns compares them every turn), and the output is what was computed
// beforehand.

#include <gtest/gtest.h>

#include <deque>

#include "durable/testing/kitchen_sink.h"
#include "durable/testing/turns.h"

namespace cloudfolio::durable {
namespace {

using testing::SinkInput;
using testing::Turns;

// Answers an orchestration's actions, in an order of its own.
class Answers {
 public:
  Answers(const Registry& registry, Random& random) : registry_(registry), random_(random) {}

  void take(const std::vector<Action>& actions) {
    for (const Action& action : actions) {
      std::visit([&](const auto& body) { answer(action.id, body); }, action.body);
    }
  }
  bool empty() const { return waiting_.empty(); }
  void forget() {
    std::erase_if(waiting_,
                  [](const EventBody& b) { return !std::holds_alternative<EventRaised>(b); });
  }
  // One that is waiting; not always the first.
  EventBody pick() {
    const auto at = random_.below(waiting_.size());
    EventBody body = std::move(waiting_[at]);
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(at));
    return body;
  }

 private:
  void answer(std::int32_t id, const ScheduleTask& task) {
    ActivityInfo info;
    info.task_id = id;
    const auto result = registry_.find_activity(task.name)->run({}, info, task.input);
    if (result) {
      waiting_.push_back(TaskCompleted{id, *result});
    } else {
      waiting_.push_back(TaskFailed{id, failure_from(result.error())});
    }
  }
  void answer(std::int32_t id, const CreateTimer& timer) {
    waiting_.push_back(TimerFired{timer.fire_at, id});
  }
  void answer(std::int32_t id, const CreateSubOrchestration& child) {
    const auto sum = testing::expected_sum(SinkInput::from(child.input));
    waiting_.push_back(SubOrchestrationInstanceCompleted{id, std::to_string(sum)});
  }
  void answer(std::int32_t, const SendEvent& sent) {
    waiting_.push_back(EventRaised{sent.name, sent.input});
  }
  void answer(std::int32_t, const CompleteOrchestration&) {}

  const Registry& registry_;
  Random& random_;
  std::deque<EventBody> waiting_;
};

std::string run(const Registry& registry, std::uint64_t seed) {
  Random random(seed);
  Answers answers(registry, random);
  Turns turns(registry, "sink", SinkInput{seed}.text());
  for (int turn = 0; turn < 10'000; ++turn) {
    const auto actions = turns.turn();
    if (!actions) return actions.error().message();
    answers.take(*actions);
    const bool ended =
        !actions->empty() && std::holds_alternative<CompleteOrchestration>(actions->back().body);
    if (ended) {
      if (turns.output.status != OrchestrationStatus::continued_as_new) {
        return turns.output.failure ? turns.output.failure->message : turns.output.result;
      }
      answers.forget();
      turns.continue_as_new();
      continue;
    }
    if (answers.empty()) return "it waits for nothing";
    if (random.below(4) == 0) turns.evict();
    turns.pass(std::chrono::milliseconds(random.below(20)));
    for (auto count = 1 + random.below(3); count > 0 && !answers.empty(); --count) {
      turns.give(answers.pick());
    }
    if (random.below(20) == 0) {
      turns.give(ExecutionSuspended{});
      EXPECT_TRUE(turns.turn()->empty());
      turns.give(ExecutionResumed{});
    }
  }
  return "it did not end";
}

TEST(Replay, live_cold_and_evicted_coroutines_ask_for_the_same) {
  Registry registry;
  testing::register_sink(registry);
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    ASSERT_EQ(run(registry, seed), std::to_string(testing::expected_sum(SinkInput{seed})));
  }
}

}  // namespace
}  // namespace cloudfolio::durable

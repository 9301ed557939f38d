#include "durable/execution.h"

#include <gtest/gtest.h>

#include "durable/testing/turns.h"

namespace cloudfolio::durable {
namespace {

using namespace std::chrono_literals;
using testing::Turns;

class ExecutionTest : public ::testing::Test {
 protected:
  using Body = Orchestration<> (*)(OrchestrationContext&, std::string);
  Turns start(Body body, std::string input = {}) {
    registry = std::make_unique<Registry>();
    registry->orchestration("it", body);
    return Turns(*registry, "it", std::move(input));
  }
  std::unique_ptr<Registry> registry;
};

Orchestration<> two_calls(OrchestrationContext& ctx, std::string input) {
  CF_CO_TRY(auto first, co_await ctx.call("first", input));
  CF_CO_TRY(auto second, co_await ctx.call("second", first + "!"));
  co_return second + "?";
}

TEST_F(ExecutionTest, calls_one_after_the_other_and_returns_the_last_result) {
  auto turns = start(two_calls, "in");
  EXPECT_EQ(turns.run(), "TaskScheduled 'first' (id 1)");
  EXPECT_EQ(turns.complete(1, "one").run(), "TaskScheduled 'second' (id 2)");
  EXPECT_EQ(turns.complete(2, "two").run(), "ExecutionCompleted (id 3) Completed 'two?'");
  EXPECT_EQ(std::get<TaskScheduled>(turns.history[2].body).input, "in");
  EXPECT_EQ(std::get<TaskScheduled>(turns.history[5].body).input, "one!");
}

TEST_F(ExecutionTest, an_activitys_error_keeps_its_code) {
  auto turns = start(two_calls);
  turns.run();
  EXPECT_EQ(turns.fail(1, Error(Code::not_found, "no such login")).run(),
            "ExecutionCompleted (id 2) Failed 'not_found: no such login'");
}

TEST_F(ExecutionTest, a_second_result_for_the_same_task_changes_nothing) {
  auto turns = start(two_calls);
  turns.run();
  EXPECT_EQ(turns.complete(1, "one").complete(1, "again").fail(7, Error(Code::internal, "x")).run(),
            "TaskScheduled 'second' (id 2)");
  EXPECT_EQ(std::get<TaskScheduled>(turns.history.back().body).input, "one!");
}

Orchestration<> throws(OrchestrationContext&, std::string) {
  throw std::runtime_error("surprise");
  co_return std::string();
}

TEST_F(ExecutionTest, an_exception_that_leaves_the_coroutine_fails_the_instance) {
  EXPECT_EQ(start(throws).run(),
            "ExecutionCompleted (id 1) Failed 'internal: exception: surprise'");
}

Orchestration<> fan_out(OrchestrationContext& ctx, std::string) {
  std::vector<Task> tasks;
  for (int i = 0; i < 3; ++i) tasks.push_back(ctx.call("part", std::to_string(i)));
  const auto all = co_await when_all(std::move(tasks));
  std::string text;
  for (const auto& each : all) text += each ? *each : each.error().message();
  co_return text;
}

TEST_F(ExecutionTest, when_all_gives_results_in_the_order_asked_whatever_order_they_came_in) {
  auto turns = start(fan_out);
  EXPECT_EQ(
      turns.run(),
      "TaskScheduled 'part' (id 1); TaskScheduled 'part' (id 2); TaskScheduled 'part' (id 3)");
  EXPECT_EQ(turns.complete(3, "c").run(), "");
  EXPECT_EQ(turns.fail(1, Error(Code::internal, "A")).run(), "");
  EXPECT_EQ(turns.complete(2, "b").run(), "ExecutionCompleted (id 4) Completed 'Abc'");
}

Orchestration<> when_all_of_nothing(OrchestrationContext&, std::string) {
  const auto none = co_await when_all(std::vector<Task>());
  co_return std::to_string(none.size());
}

TEST_F(ExecutionTest, when_all_of_nothing_is_done_at_once) {
  EXPECT_EQ(start(when_all_of_nothing).run(), "ExecutionCompleted (id 1) Completed '0'");
}

Orchestration<> race(OrchestrationContext& ctx, std::string) {
  std::vector<Task> tasks;
  for (int i = 0; i < 3; ++i) tasks.push_back(ctx.call("part", ""));
  const auto winner = co_await when_any(tasks);
  co_return std::to_string(winner) + *tasks[winner].result();
}

TEST_F(ExecutionTest, when_any_is_won_by_the_task_that_is_earliest_in_the_history) {
  auto turns = start(race);
  turns.run();
  EXPECT_EQ(turns.complete(3, "c").complete(1, "a").run(),
            "ExecutionCompleted (id 4) Completed '2c'");
}

Orchestration<> late_look(OrchestrationContext& ctx, std::string) {
  auto a = ctx.call("a", "");
  auto b = ctx.call("b", "");
  auto gate = ctx.call("gate", "");
  (void)co_await gate;
  co_return co_await when_any(a, b) == 1 ? "b" : "a";
}

TEST_F(ExecutionTest, when_any_of_tasks_long_done_is_still_won_by_the_first) {
  auto turns = start(late_look);
  turns.run();
  EXPECT_EQ(turns.complete(2).complete(1).run(), "");
  EXPECT_EQ(turns.complete(3).run(), "ExecutionCompleted (id 4) Completed 'b'");
}

Orchestration<> sleeps(OrchestrationContext& ctx, std::string) {
  const auto before = ctx.now();
  (void)co_await ctx.timer(90s);
  co_return std::to_string((ctx.now() - before) / 1s);
}

TEST_F(ExecutionTest, a_timer_fires_by_the_time_of_the_turn) {
  auto turns = start(sleeps);
  auto actions = turns.turn();
  ASSERT_TRUE(actions.ok());
  EXPECT_EQ(std::get<CreateTimer>(actions->at(0).body).fire_at, turns.now() + 90s);
  turns.pass(100s);
  EXPECT_EQ(turns.fire(1).run(), "ExecutionCompleted (id 2) Completed '100'");
}

Orchestration<> patient(OrchestrationContext& ctx, std::string) {
  co_return co_await ctx.call("flaky", "", RetryPolicy().attempts(3).first_delay(2s));
}

TEST_F(ExecutionTest, a_retry_is_a_timer_and_a_new_task) {
  auto turns = start(patient);
  EXPECT_EQ(turns.run(), "TaskScheduled 'flaky' (id 1)");
  auto actions = turns.fail(1, Error(Code::unavailable, "down")).turn();
  ASSERT_TRUE(actions.ok());
  EXPECT_EQ(std::get<CreateTimer>(actions->at(0).body).fire_at, turns.now() + 2s);
  EXPECT_EQ(turns.fire(2).run(), "TaskScheduled 'flaky' (id 3)");
  turns.evict();
  actions = turns.fail(3, Error(Code::unavailable, "down")).turn();
  ASSERT_TRUE(actions.ok());
  EXPECT_EQ(std::get<CreateTimer>(actions->at(0).body).fire_at, turns.now() + 4s);
  EXPECT_EQ(turns.fire(4).run(), "TaskScheduled 'flaky' (id 5)");
  EXPECT_EQ(turns.fail(5, Error(Code::unavailable, "still down")).run(),
            "ExecutionCompleted (id 6) Failed 'unavailable: still down'");
}

TEST_F(ExecutionTest, an_error_that_cannot_pass_is_not_retried) {
  auto turns = start(patient);
  turns.run();
  EXPECT_EQ(turns.fail(1, Error(Code::invalid_argument, "never")).run(),
            "ExecutionCompleted (id 2) Failed 'invalid_argument: never'");
}

Orchestration<> impatient(OrchestrationContext& ctx, std::string) {
  co_return co_await ctx.call("flaky", "",
                              RetryPolicy().attempts(9).first_delay(1s).give_up_after(10s));
}

TEST_F(ExecutionTest, retries_end_when_their_time_is_up) {
  auto turns = start(impatient);
  turns.run();
  turns.fail(1, Error(Code::unavailable, "down")).run();
  turns.fire(2).run();
  turns.pass(9s);
  EXPECT_EQ(turns.fail(3, Error(Code::unavailable, "down")).run(),
            "ExecutionCompleted (id 4) Failed 'unavailable: down'");
}

Orchestration<> listens(OrchestrationContext& ctx, std::string) {
  CF_CO_TRY(auto first, co_await ctx.external_event("Word"));
  CF_CO_TRY(auto second, co_await ctx.external_event("word"));
  co_return first + second;
}

TEST_F(ExecutionTest, events_are_kept_until_waited_for_and_names_ignore_case) {
  auto turns = start(listens);
  EXPECT_EQ(turns.raise("WORD", "a").raise("other", "x").raise("word", "b").run(),
            "ExecutionCompleted (id 1) Completed 'ab'");
}

Orchestration<> listens_a_while(OrchestrationContext& ctx, std::string) {
  auto first = co_await ctx.external_event("word", 5s);
  auto now = co_await ctx.external_event("word", 0s);
  auto second = co_await ctx.external_event("word");
  co_return (first ? *first : std::string(to_string(first.error().code()))) + "," +
      (now ? *now : std::string(to_string(now.error().code()))) + "," + *second;
}

TEST_F(ExecutionTest, a_wait_that_timed_out_leaves_the_event_to_the_next_wait) {
  auto turns = start(listens_a_while);
  EXPECT_EQ(turns.run(), "TimerCreated (id 1)");
  turns.evict();
  EXPECT_EQ(turns.fire(1).run(), "");
  EXPECT_EQ(turns.raise("word", "hi").run(),
            "ExecutionCompleted (id 2) Completed 'deadline_exceeded,deadline_exceeded,hi'");
}

TEST_F(ExecutionTest, an_event_in_time_wins_over_its_timer) {
  auto turns = start(listens_a_while);
  turns.run();
  turns.raise("word", "early").run();
  EXPECT_EQ(turns.fire(1).raise("word", "late").run(),
            "ExecutionCompleted (id 2) Completed 'early,deadline_exceeded,late'");
}

Orchestration<> abandons_a_wait(OrchestrationContext& ctx, std::string) {
  { const auto dropped = ctx.external_event("word"); }
  co_return co_await ctx.external_event("word");
}

TEST_F(ExecutionTest, a_wait_that_nobody_holds_consumes_nothing) {
  auto turns = start(abandons_a_wait);
  turns.run();
  EXPECT_EQ(turns.raise("word", "hi").run(), "ExecutionCompleted (id 1) Completed 'hi'");
}

Orchestration<> parent(OrchestrationContext& ctx, std::string) {
  CF_CO_TRY(auto named, co_await ctx.call_sub("child", "the-child", "1"));
  CF_CO_TRY(auto derived, co_await ctx.call_sub("child", "", "2"));
  ctx.send_event("friend", "done", derived);
  co_return named + derived;
}

TEST_F(ExecutionTest, children_have_the_id_given_or_one_derived_from_the_execution) {
  auto turns = start(parent);
  EXPECT_EQ(turns.run(), "SubOrchestrationInstanceCreated 'child' (id 1)");
  auto actions = turns.give(SubOrchestrationInstanceCompleted{1, "a"}).turn();
  ASSERT_TRUE(actions.ok());
  EXPECT_EQ(std::get<CreateSubOrchestration>(actions->at(0).body).instance_id,
            "0123456789abcdef0123456789abcdef:0002");
  EXPECT_EQ(turns.give(SubOrchestrationInstanceCompleted{2, "b"}).run(),
            "EventSent 'done' to 'friend' (id 3); ExecutionCompleted (id 4) Completed 'ab'");
}

Orchestration<> counts_down(OrchestrationContext& ctx, std::string input) {
  const int left = std::stoi(input);
  (void)co_await ctx.call("tick", "");
  if (left > 0) co_return ctx.continue_as_new(std::to_string(left - 1));
  co_return "liftoff";
}

TEST_F(ExecutionTest, continue_as_new_carries_events_that_nobody_consumed) {
  auto turns = start(counts_down, "2");
  turns.raise("later", "1").run();
  EXPECT_EQ(turns.complete(1).raise("later", "2").run(),
            "ExecutionCompleted (id 2) ContinuedAsNew '1'");
  ASSERT_EQ(turns.output.carryover.size(), 2u);
  EXPECT_EQ(std::get<EventRaised>(turns.output.carryover[0].body).input, "1");
  EXPECT_EQ(std::get<EventRaised>(turns.output.carryover[1].body).input, "2");
}

TEST_F(ExecutionTest, a_suspended_execution_holds_everything_back_until_it_is_resumed) {
  auto turns = start(two_calls);
  turns.run();
  EXPECT_EQ(turns.give(ExecutionSuspended{}).run(), "");
  EXPECT_EQ(turns.complete(1, "one").run(), "");
  turns.evict();
  EXPECT_EQ(turns.give(ExecutionResumed{}).run(), "TaskScheduled 'second' (id 2)");
  EXPECT_EQ(turns.complete(2, "two").run(), "ExecutionCompleted (id 3) Completed 'two?'");
}

TEST_F(ExecutionTest, a_second_suspension_needs_a_second_resumption) {
  auto turns = start(two_calls);
  turns.run();
  turns.give(ExecutionSuspended{}).run();
  turns.complete(1, "one").give(ExecutionSuspended{}).run();
  turns.evict();
  EXPECT_EQ(turns.give(ExecutionResumed{}).run(), "");
  EXPECT_EQ(turns.give(ExecutionResumed{}).run(), "TaskScheduled 'second' (id 2)");
}

TEST_F(ExecutionTest, actions_of_the_turn_that_was_suspended_come_when_it_is_resumed) {
  auto turns = start(two_calls);
  turns.run();
  EXPECT_EQ(turns.complete(1, "one").give(ExecutionSuspended{}).run(), "");
  turns.evict();
  EXPECT_EQ(turns.give(ExecutionResumed{}).run(), "TaskScheduled 'second' (id 2)");
  turns.evict();
  EXPECT_EQ(turns.complete(2, "two").run(), "ExecutionCompleted (id 3) Completed 'two?'");
}

TEST_F(ExecutionTest, termination_ends_it_also_while_suspended) {
  auto turns = start(two_calls);
  turns.run();
  turns.give(ExecutionSuspended{}).run();
  EXPECT_EQ(turns.give(ExecutionTerminated{"enough", false}).run(),
            "ExecutionCompleted (id 2) Terminated 'enough'");
}

Orchestration<std::size_t> length(OrchestrationContext& ctx, std::string text) {
  CF_CO_TRY(auto got, co_await ctx.call("measure", std::move(text)));
  co_return got.size();
}

Orchestration<> nests(OrchestrationContext& ctx, std::string) {
  CF_CO_TRY(const auto a, co_await length(ctx, "aa"));
  CF_CO_TRY(const auto b, co_await length(ctx, "bbb"));
  co_return std::to_string(a + b);
}

TEST_F(ExecutionTest, an_orchestration_may_be_written_as_several_coroutines) {
  auto turns = start(nests);
  turns.run();
  turns.evict();
  EXPECT_EQ(turns.complete(1, "xx").run(), "TaskScheduled 'measure' (id 2)");
  EXPECT_EQ(turns.complete(2, "yyy").run(), "ExecutionCompleted (id 3) Completed '5'");
}

Orchestration<> chain(OrchestrationContext& ctx, std::string name) {
  CF_CO_TRY(auto a, co_await ctx.call(name + "1", ""));
  co_return co_await ctx.call(name + "2", a);
}

Orchestration<> spawns(OrchestrationContext& ctx, std::string) {
  std::vector<Task> chains;
  chains.push_back(ctx.spawn(chain(ctx, "a")));
  chains.push_back(ctx.spawn(chain(ctx, "b")));
  const auto all = co_await when_all(std::move(chains));
  co_return *all[0] + *all[1];
}

TEST_F(ExecutionTest, spawned_coroutines_go_on_beside_each_other) {
  auto turns = start(spawns);
  EXPECT_EQ(turns.run(), "TaskScheduled 'a1' (id 1); TaskScheduled 'b1' (id 2)");
  EXPECT_EQ(turns.complete(2).run(), "TaskScheduled 'b2' (id 3)");
  turns.evict();
  EXPECT_EQ(turns.complete(1).run(), "TaskScheduled 'a2' (id 4)");
  EXPECT_EQ(turns.complete(3, "B").complete(4, "A").run(),
            "ExecutionCompleted (id 5) Completed 'AB'");
}

Orchestration<> by_chance(OrchestrationContext& ctx, std::string) {
  ctx.set_custom_status("\"begun\"");
  const auto guid = ctx.new_guid();
  (void)co_await ctx.call("a", guid + std::to_string(ctx.random().below(1'000)));
  ctx.set_custom_status("\"half way\"");
  (void)co_await ctx.call("b", ctx.new_guid() + std::to_string(ctx.random().below(1'000)));
  co_return guid == ctx.new_guid() ? "repeated" : guid;
}

TEST_F(ExecutionTest, chance_ids_and_time_are_the_same_when_replayed) {
  auto turns = start(by_chance);
  turns.run();
  EXPECT_EQ(turns.custom_status, "\"begun\"");
  turns.evict();
  turns.complete(1).run();
  EXPECT_EQ(turns.custom_status, "\"half way\"");
  turns.evict();
  turns.complete(2).run();
  ASSERT_EQ(turns.output.result.size(), 36u) << turns.output.result;
  EXPECT_EQ(turns.output.result[14], '4');
}

// Histories of running instances outlive the build that wrote them: another stream of numbers or
// ids would replay them differently.
TEST_F(ExecutionTest, chance_and_ids_are_the_same_in_every_build) {
  auto turns = start(by_chance);
  turns.run();
  EXPECT_EQ(std::get<TaskScheduled>(turns.history[2].body).input,
            "ddc589f5-460e-414c-8b75-57565f252cb5268");
}

Orchestration<> same(OrchestrationContext&, Task task) {
  co_return co_await task;
}

Orchestration<> many_done_at_once(OrchestrationContext& ctx, std::string) {
  auto one = ctx.call("one", "");
  (void)co_await one;
  std::size_t bytes = 0;
  for (int i = 0; i < 1'000'000; ++i) bytes += (co_await one)->size();
  for (int i = 0; i < 100'000; ++i) {
    CF_CO_TRY(const auto text, co_await same(ctx, one));
    bytes += text.size();
  }
  co_return std::to_string(bytes);
}

TEST_F(ExecutionTest, a_million_awaits_that_complete_at_once_use_one_stack_frame) {
  auto turns = start(many_done_at_once);
  turns.run();
  EXPECT_EQ(turns.complete(1, "x").run(), "ExecutionCompleted (id 2) Completed '1100000'");
}

Orchestration<> stops_midway(OrchestrationContext& ctx, std::string) {
  auto lost = ctx.call("lost", "");
  ctx.send_event("friend", "bye", "");
  co_return "early";
}

TEST_F(ExecutionTest, a_call_that_nobody_can_wait_for_any_more_is_not_made) {
  EXPECT_EQ(start(stops_midway).run(),
            "EventSent 'bye' to 'friend' (id 2); ExecutionCompleted (id 3) Completed 'early'");
}

}  // namespace
}  // namespace cloudfolio::durable

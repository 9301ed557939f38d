#include "durable/embedded/scheduler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "durable/embedded/testing/scheduler_fixture.h"

namespace cloudfolio::durable {
namespace {

using namespace std::chrono_literals;
using testing::SchedulerTest;

Activity echo_activity() {
  return [](const Context&, const ActivityInfo&, std::string input) {
    return Result<std::string>("Hello " + input);
  };
}

Orchestration<> greet(OrchestrationContext& ctx, std::string input) {
  std::string text;
  for (const char* city : {"Tokyo", "Seattle", "London"}) {
    CF_CO_TRY(auto hello, co_await ctx.call("hello", city));
    text += hello + input;
  }
  co_return text;
}

TEST_F(SchedulerTest, runs_activities_and_completes) {
  registry.orchestration("greet", greet);
  registry.activity("hello", echo_activity());
  open();
  EXPECT_EQ(start("greet", "one", "!"), "one");
  EXPECT_EQ(outcome("one"), "Completed: Hello Tokyo!Hello Seattle!Hello London!");
  EXPECT_EQ(lines.lines_of("orchestration.started").size(), 1u);
  EXPECT_EQ(lines.lines_of("orchestration.ended").size(), 1u);
  EXPECT_NE(metrics->to_prometheus().find(
                "cloudfolio_durable_orchestrations_ended_total{orchestration=\"greet\","
                "status=\"Completed\"} 1"),
            std::string::npos);
}

Orchestration<> child(OrchestrationContext&, std::string input) {
  co_return "child " + input;
}

Orchestration<> tour(OrchestrationContext& ctx, std::string) {
  CF_CO_TRY(auto hello, co_await ctx.call("hello", "you"));
  CF_CO_CHECK(co_await ctx.timer(10s));
  co_return co_await ctx.call_sub("child", "", hello);
}

TEST_F(SchedulerTest, the_history_is_the_one_that_durable_task_writes) {
  registry.orchestration("tour", tour);
  registry.orchestration("child", child);
  registry.activity("hello", echo_activity());
  open();
  start("tour", "one");
  while (events("one").find("TimerCreated") == std::string::npos) std::this_thread::yield();
  pass(10s);
  EXPECT_EQ(outcome("one"), "Completed: child Hello you");
  EXPECT_EQ(events("one"),
            "OrchestratorStarted ExecutionStarted TaskScheduled OrchestratorStarted TaskCompleted "
            "TimerCreated OrchestratorStarted TimerFired SubOrchestrationInstanceCreated "
            "OrchestratorStarted SubOrchestrationInstanceCompleted ExecutionCompleted");
}

Orchestration<> sleeps(OrchestrationContext& ctx, std::string) {
  CF_CO_CHECK(co_await ctx.timer(1h));
  co_return "rested";
}

TEST_F(SchedulerTest, a_timer_fires_after_a_restart_even_if_it_was_due_meanwhile) {
  registry.orchestration("sleeps", sleeps);
  open();
  start("sleeps", "one");
  start("sleeps", "two");
  EXPECT_EQ(state("one"), "Running");
  close();
  clock.advance(2h);
  open();
  EXPECT_EQ(outcome("one"), "Completed: rested");
  EXPECT_EQ(outcome("two"), "Completed: rested");
}

Orchestration<> listens(OrchestrationContext& ctx, std::string) {
  std::string heard;
  for (int i = 0; i < 3; ++i) {
    CF_CO_TRY(auto word, co_await ctx.external_event("Word"));
    heard += word;
  }
  co_return heard;
}

TEST_F(SchedulerTest, events_arrive_in_order_and_survive_a_restart) {
  registry.orchestration("listens", listens);
  open();
  start("listens", "one");
  EXPECT_TRUE(raise("one", "word", "a").ok());
  EXPECT_TRUE(raise("one", "other", "x").ok());
  reopen();
  EXPECT_TRUE(raise("one", "WORD", "b").ok());
  EXPECT_TRUE(raise("one", "word", "c").ok());
  EXPECT_EQ(outcome("one"), "Completed: abc");
  EXPECT_TRUE(raise("one", "word", "late").ok());
  EXPECT_EQ(raise("nobody", "word").error().code(), Code::not_found);
}

Orchestration<> counts(OrchestrationContext& ctx, std::string input) {
  CF_CO_TRY(auto hello, co_await ctx.call("hello", input));
  CF_CO_TRY(auto more, co_await ctx.external_event("more"));
  if (more == "end") co_return input;
  co_return ctx.continue_as_new(std::to_string(std::stoi(input) + 1));
}

TEST_F(SchedulerTest, continue_as_new_starts_over_and_keeps_what_was_not_consumed) {
  registry.orchestration("counts", counts);
  registry.activity("hello", echo_activity());
  open();
  start("counts", "one", "0");
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(raise("one", "more", "go").ok());
  EXPECT_TRUE(raise("one", "more", "end").ok());
  EXPECT_EQ(outcome("one"), "Completed: 20");
  const auto history = scheduler->history(ctx, InstanceId("one"));
  ASSERT_TRUE(history.ok());
  EXPECT_LT(history->size(), 40u);
}

TEST_F(SchedulerTest, a_second_start_with_the_same_id_is_the_same_run) {
  registry.orchestration("listens", listens);
  open();
  EXPECT_EQ(start("listens", "one"), "one");
  EXPECT_EQ(start("listens", "one"), "conflict");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(raise("one", "word", "x").ok());
  EXPECT_EQ(outcome("one"), "Completed: xxx");
  EXPECT_EQ(start("listens", "one", "", Reuse::never), "conflict");
  EXPECT_EQ(start("listens", "one"), "one");
  EXPECT_EQ(state("one"), "Running");
  EXPECT_EQ(start("listens", "one", "", Reuse::any), "one");
  EXPECT_EQ(events("one"), "OrchestratorStarted ExecutionStarted");
}

TEST_F(SchedulerTest, a_suspended_instance_waits_and_says_so) {
  registry.orchestration("listens", listens);
  open();
  start("listens", "one");
  ASSERT_TRUE(scheduler->suspend(ctx, InstanceId("one"), "pause").ok());
  ASSERT_TRUE(scheduler->suspend(ctx, InstanceId("one"), "again").ok());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(raise("one", "word", "x").ok());
  EXPECT_EQ(state("one"), "Suspended");
  reopen();
  EXPECT_EQ(state("one"), "Suspended");
  ASSERT_TRUE(scheduler->resume(ctx, InstanceId("one"), "go").ok());
  EXPECT_EQ(outcome("one"), "Completed: xxx");
}

Orchestration<> guardian(OrchestrationContext& ctx, std::string) {
  std::vector<Task> children;
  children.push_back(ctx.call_sub("listens", "first", ""));
  children.push_back(ctx.call_sub("listens", "second", ""));
  const auto all = co_await when_all(std::move(children));
  co_return all[0] ? *all[0] : std::string(to_string(all[0].error().code()));
}

TEST_F(SchedulerTest, termination_reaches_the_children_and_also_what_has_not_begun) {
  registry.orchestration("guardian", guardian);
  registry.orchestration("listens", listens);
  open();
  start("guardian", "parent");
  EXPECT_EQ(state("first"), "Running");
  ASSERT_TRUE(scheduler->terminate(ctx, InstanceId("parent"), "enough").ok());
  EXPECT_EQ(state("parent"), "Terminated: enough");
  EXPECT_EQ(state("first"), "Terminated: enough");
  EXPECT_EQ(state("second"), "Terminated: enough");
  EXPECT_TRUE(scheduler->terminate(ctx, InstanceId("parent"), "again").ok());

  StartOptions later;
  later.name = "listens";
  later.instance = InstanceId("later");
  later.input = "kept";
  later.start_at = clock.wall_time() + 1h;
  ASSERT_TRUE(scheduler->start(ctx, later).ok());
  EXPECT_EQ(state("later"), "Pending");
  ASSERT_TRUE(scheduler->terminate(ctx, InstanceId("later"), "never").ok());
  EXPECT_EQ(state("later"), "Terminated: never");
  const auto ended = scheduler->get(ctx, InstanceId("later"));
  EXPECT_EQ((**ended).input, "kept");
}

TEST_F(SchedulerTest, a_scheduled_start_waits_and_keeps_events_that_came_before_it) {
  registry.orchestration("listens", listens);
  open();
  StartOptions later;
  later.name = "listens";
  later.instance = InstanceId("later");
  later.start_at = clock.wall_time() + 1h;
  ASSERT_TRUE(scheduler->start(ctx, later).ok());
  for (const char* word : {"a", "b", "c"}) EXPECT_TRUE(raise("later", "word", word).ok());
  reopen();
  EXPECT_EQ(state("later"), "Pending");
  pass(1h);
  EXPECT_EQ(outcome("later"), "Completed: abc");
}

TEST_F(SchedulerTest, a_terminated_child_fails_its_parent_s_call_only) {
  registry.orchestration("guardian", guardian);
  registry.orchestration("listens", listens);
  open();
  start("guardian", "parent");
  ASSERT_TRUE(scheduler->terminate(ctx, InstanceId("first"), "").ok());
  ASSERT_TRUE(scheduler->terminate(ctx, InstanceId("second"), "").ok());
  EXPECT_EQ(outcome("parent"), "Completed: cancelled");
}

Orchestration<> asks_the_impossible(OrchestrationContext& ctx, std::string) {
  std::string codes;
  std::vector<Task> tasks;
  tasks.push_back(ctx.call("no such activity", ""));
  tasks.push_back(ctx.call_sub("no such orchestration", "", ""));
  tasks.push_back(ctx.call_sub("listens", ctx.instance_id(), ""));
  tasks.push_back(ctx.call("hello", std::string(kPayloadBytesMax + 1, 'x')));
  tasks.push_back(ctx.call("too much", ""));
  tasks.push_back(ctx.call("throws", ""));
  const auto all = co_await when_all(std::move(tasks));
  for (const auto& each : all)
    codes += each ? "ok " : std::string(to_string(each.error().code())) + " ";
  co_return codes;
}

TEST_F(SchedulerTest, what_cannot_be_done_is_an_error_of_the_call) {
  registry.orchestration("it", asks_the_impossible);
  registry.orchestration("listens", listens);
  registry.activity("hello", echo_activity());
  registry.activity("too much", [](const Context&, const ActivityInfo&, std::string) {
    return Result<std::string>(std::string(kPayloadBytesMax + 1, 'x'));
  });
  registry.activity("throws",
                    [](const Context&, const ActivityInfo&, std::string) -> Result<std::string> {
                      throw std::runtime_error("surprise");
                    });
  open();
  start("it", "one");
  EXPECT_EQ(outcome("one"),
            "Completed: not_found not_found conflict invalid_argument invalid_argument internal ");
  EXPECT_EQ(start("no such", "two"), "invalid_argument");
  EXPECT_EQ(start("it", std::string(101, 'x')), "invalid_argument");
  EXPECT_EQ(start("it", "two", std::string(kPayloadBytesMax + 1, 'x')), "invalid_argument");
  EXPECT_EQ(state("two"), "none");
}

Orchestration<> never_ends(OrchestrationContext& ctx, std::string) {
  while (true) (void)co_await ctx.call("hello", "");
}

TEST_F(SchedulerTest, a_history_without_end_fails_its_instance) {
  registry.orchestration("it", never_ends);
  registry.activity("hello", echo_activity());
  options.history_events_count_max = 100;
  open();
  start("it", "one");
  EXPECT_EQ(outcome("one").substr(0, 22), "Failed: quota_exceeded");
}

TEST_F(SchedulerTest, without_room_for_live_coroutines_every_turn_replays) {
  registry.orchestration("greet", greet);
  registry.activity("hello", echo_activity());
  options.live_bytes_max = 1;
  open();
  for (int i = 0; i < 20; ++i) start("greet", std::to_string(i), "!");
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(outcome(std::to_string(i)), "Completed: Hello Tokyo!Hello Seattle!Hello London!");
  }
  EXPECT_EQ(scheduler->live_count(), 0u);
  EXPECT_EQ(metrics->to_prometheus().find("cloudfolio_durable_replays_total 0"), std::string::npos);
}

TEST_F(SchedulerTest, instances_are_listed_by_page_and_filter) {
  registry.orchestration("listens", listens);
  registry.orchestration("child", child);
  open();
  for (int i = 0; i < 5; ++i) start("listens", "live:" + std::to_string(i));
  for (int i = 0; i < 5; ++i) start("child", "done:" + std::to_string(i), "in");
  QueryFilter filter;
  filter.id_prefix = "live:";
  const auto first = scheduler->query(ctx, filter, 3);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->instances.size(), 3u);
  const auto second = scheduler->query(ctx, filter, 3, first->next);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->instances.size(), 2u);
  EXPECT_EQ(second->next, "");
  filter = {};
  filter.statuses = {OrchestrationStatus::completed};
  filter.include = Include::payloads;
  const auto done = scheduler->query(ctx, filter, 100);
  ASSERT_EQ(done->instances.size(), 5u);
  EXPECT_EQ(done->instances[4].output, "child in");
  EXPECT_EQ(done->instances[4].input, "in");
  filter.created_from = clock.wall_time() + 1s;
  EXPECT_TRUE(scheduler->query(ctx, filter, 100)->instances.empty());
}

TEST_F(SchedulerTest, what_has_ended_can_be_forgotten) {
  registry.orchestration("listens", listens);
  registry.orchestration("child", child);
  open();
  start("listens", "live");
  for (int i = 0; i < 5; ++i) start("child", "done" + std::to_string(i));
  EXPECT_EQ(scheduler->purge(ctx, InstanceId("live")).error().code(), Code::conflict);
  EXPECT_TRUE(*scheduler->purge(ctx, InstanceId("done0")));
  EXPECT_FALSE(*scheduler->purge(ctx, InstanceId("done0")));
  EXPECT_EQ(state("done0"), "none");
  EXPECT_EQ(scheduler->history(ctx, InstanceId("done0")).error().code(), Code::not_found);
  clock.advance(1h);
  EXPECT_EQ(*scheduler->purge_finished(ctx, clock.wall_time(), 3), 3u);
  EXPECT_EQ(*scheduler->purge_finished(ctx, clock.wall_time(), 3), 1u);
  EXPECT_EQ(state("live"), "Running");
}

TEST_F(SchedulerTest, waiting_ends_with_its_deadline_or_with_the_engine) {
  registry.orchestration("listens", listens);
  open();
  start("listens", "one");
  EXPECT_EQ(text(scheduler->wait(within(0s), InstanceId("one"))), "deadline_exceeded");
  EXPECT_EQ(text(scheduler->wait(ctx, InstanceId("nobody"))), "not_found");
  std::stop_source stop;
  auto stopped = std::async(std::launch::async, [&] {
    return text(scheduler->wait(ctx.with_stop(stop.get_token()), InstanceId("one")));
  });
  stop.request_stop();
  EXPECT_EQ(stopped.get(), "cancelled");
  auto waits =
      std::async(std::launch::async, [&] { return text(scheduler->wait(ctx, InstanceId("one"))); });
  scheduler->stop();
  EXPECT_EQ(waits.get(), "unavailable");
  EXPECT_EQ(start("listens", "two"), "unavailable");
}

TEST_F(SchedulerTest, a_full_disk_is_said_and_nothing_is_lost) {
  std::atomic<bool> full{false};
  options.disk_fault = [&](std::string_view) -> Status {
    if (full) return Error(Code::unavailable, "disk full");
    return Done{};
  };
  std::promise<void> running;
  std::promise<void> go_on;
  registry.orchestration("tour", tour);
  registry.orchestration("child", child);
  registry.activity("hello", [&](const Context&, const ActivityInfo&, std::string input) {
    running.set_value();
    go_on.get_future().wait();
    return Result<std::string>("Hello " + input);
  });
  open();
  start("tour", "one");
  running.get_future().wait();
  full = true;
  EXPECT_EQ(start("child", "two"), "unavailable");
  EXPECT_EQ(state("two"), "none");
  EXPECT_EQ(raise("nobody", "word").error().code(), Code::unavailable);
  go_on.set_value();  // Its result cannot be written.
  while (lines.lines_of("durable.commit_failed").size() < 3) {
    pass(100ms);
    std::this_thread::yield();
  }
  EXPECT_EQ(events("one"), "OrchestratorStarted ExecutionStarted TaskScheduled");
  full = false;
  while (events("one").find("TimerCreated") == std::string::npos) {
    pass(100ms);
    std::this_thread::yield();
  }
  pass(10s);
  EXPECT_EQ(outcome("one"), "Completed: child Hello you");
  EXPECT_EQ(start("child", "two"), "two");
  EXPECT_EQ(lines.lines_of("durable.log_recovered").size(), 1u);
  close();  // Its disk asks `full`.
}

TEST_F(SchedulerTest, a_directory_has_one_owner_and_a_damaged_log_says_so) {
  open();
  telemetry::MetricRegistry other;
  const auto second = Embedded::open(options, registry, clock, Random(1), log, other);
  EXPECT_EQ(second.error().code(), Code::conflict);
  close();
  const auto file = directory.path() / "orchestrations.db";
  std::filesystem::resize_file(file, 100);
  const auto damaged = Embedded::open(options, registry, clock, Random(1), log, other);
  ASSERT_FALSE(damaged.ok());
  EXPECT_EQ(damaged.error().code(), Code::corrupt) << damaged.error().message();
}

}  // namespace
}  // namespace cloudfolio::durable

#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "durable/embedded/testing/scheduler_fixture.h"

namespace cloudfolio::durable {
namespace {

using namespace std::chrono_literals;

// Activities "work" that fail while their input is listed as broken, and count.
class Rewind : public testing::SchedulerTest {
 protected:
  Rewind() {
    registry.activity("work", [this](const Context&, const ActivityInfo&, std::string input) {
      const std::lock_guard lock(mutex_);
      ++runs_[input];
      if (broken_.count(input) > 0) return Result<std::string>(Error(Code::unavailable, input));
      return Result<std::string>(input + " done");
    });
  }
  void breaks(const std::string& input) {
    const std::lock_guard lock(mutex_);
    broken_.emplace(input, true);
  }
  void mend() {
    const std::lock_guard lock(mutex_);
    broken_.clear();
  }
  int runs(const std::string& input) {
    const std::lock_guard lock(mutex_);
    return runs_[input];
  }
  std::string rewind(const std::string& id) {
    const auto done = scheduler->rewind(ctx, InstanceId(id), "mended");
    return done ? "ok" : std::string(to_string(done.error().code()));
  }

 private:
  std::mutex mutex_;
  std::map<std::string, int> runs_;
  std::map<std::string, bool> broken_;
};

Orchestration<> three_steps(OrchestrationContext& ctx, std::string) {
  std::string text;
  for (const char* step : {"one", "two", "three"}) {
    CF_CO_TRY(auto done, co_await ctx.call("work", step));
    text += done + ";";
  }
  co_return text;
}

TEST_F(Rewind, makes_only_the_failed_call_again) {
  registry.orchestration("it", three_steps);
  open();
  breaks("two");
  start("it", "a");
  EXPECT_EQ(outcome("a"), "Failed: unavailable: two");
  const auto before = (**scheduler->get(ctx, InstanceId("a"))).execution_id;
  mend();
  EXPECT_EQ(rewind("a"), "ok");
  EXPECT_EQ(outcome("a"), "Completed: one done;two done;three done;");
  EXPECT_EQ(runs("one"), 1);
  EXPECT_EQ(runs("two"), 2);
  EXPECT_NE((**scheduler->get(ctx, InstanceId("a"))).execution_id, before);
  EXPECT_EQ(events("a").substr(0, 135),
            "OrchestratorStarted ExecutionStarted TaskScheduled OrchestratorStarted TaskCompleted "
            "TaskScheduled OrchestratorStarted ExecutionRewound");
  EXPECT_EQ(events("a").find("TaskFailed"), std::string::npos);
}

TEST_F(Rewind, is_durable_and_may_fail_again) {
  registry.orchestration("it", three_steps);
  options.compares_live_and_cold = true;
  open();
  breaks("three");
  start("it", "a");
  EXPECT_EQ(outcome("a"), "Failed: unavailable: three");
  reopen();
  EXPECT_EQ(rewind("a"), "ok");
  EXPECT_EQ(outcome("a"), "Failed: unavailable: three");
  mend();
  EXPECT_EQ(rewind("a"), "ok");
  reopen();
  EXPECT_EQ(outcome("a"), "Completed: one done;two done;three done;");
  EXPECT_EQ(runs("one"), 1);
}

Orchestration<> stubborn(OrchestrationContext& ctx, std::string) {
  const RetryPolicy retry = RetryPolicy().attempts(3).first_delay(1s);
  CF_CO_TRY(auto done, co_await ctx.call("work", "it", retry));
  co_return done;
}

TEST_F(Rewind, of_a_call_with_retries_makes_its_last_attempt_again) {
  registry.orchestration("it", stubborn);
  open();
  breaks("it");
  start("it", "a");
  while (state("a") == "Running" || state("a") == "Pending") pass(10s);
  EXPECT_EQ(runs("it"), 3);
  mend();
  EXPECT_EQ(rewind("a"), "ok");
  EXPECT_EQ(outcome("a"), "Completed: it done");
  EXPECT_EQ(runs("it"), 4);
}

Orchestration<> side_by_side(OrchestrationContext& ctx, std::string) {
  std::vector<Task> tasks;
  tasks.push_back(ctx.call("work", "left"));
  tasks.push_back(ctx.call("work", "right"));
  tasks.push_back(ctx.call("work", "middle"));
  const auto all = co_await when_all(std::move(tasks));
  for (const auto& each : all) {
    if (!each) co_return each.error();
  }
  CF_CO_TRY(auto word, co_await ctx.external_event("go"));
  co_return word;
}

TEST_F(Rewind, takes_back_one_turn_with_failures_at_a_time) {
  registry.orchestration("it", side_by_side);
  open();
  breaks("left");
  breaks("right");
  start("it", "a");
  EXPECT_EQ(outcome("a").substr(0, 6), "Failed");
  mend();
  for (int i = 0; i < 2 && outcome("a").substr(0, 6) == "Failed"; ++i) {
    EXPECT_EQ(rewind("a"), "ok");
    EXPECT_TRUE(raise("a", "go", "on").ok());
  }
  EXPECT_EQ(outcome("a"), "Completed: on");
  EXPECT_EQ(runs("middle"), 1);
}

Orchestration<> parent(OrchestrationContext& ctx, std::string) {
  CF_CO_TRY(auto first, co_await ctx.call_sub("it", "first", ""));
  CF_CO_TRY(auto second, co_await ctx.call_sub("it", "second", ""));
  co_return first + second;
}

Orchestration<> one_step(OrchestrationContext& ctx, std::string) {
  CF_CO_TRY(auto done, co_await ctx.call("work", ctx.instance_id()));
  co_return done + ";";
}

TEST_F(Rewind, of_a_parent_rewinds_its_failed_child) {
  registry.orchestration("parent", parent);
  registry.orchestration("it", one_step);
  open();
  breaks("second");
  start("parent", "p");
  EXPECT_EQ(outcome("p"), "Failed: unavailable: second");
  EXPECT_EQ(rewind("second"), "conflict") << "its parent is to be rewound";
  mend();
  EXPECT_EQ(rewind("p"), "ok");
  EXPECT_EQ(outcome("p"), "Completed: first done;second done;");
  EXPECT_EQ(runs("first"), 1);
  EXPECT_EQ(runs("second"), 2);
}

TEST_F(Rewind, calls_a_child_that_is_gone_once_more) {
  registry.orchestration("parent", parent);
  registry.orchestration("it", one_step);
  open();
  breaks("second");
  start("parent", "p");
  EXPECT_EQ(outcome("p"), "Failed: unavailable: second");
  EXPECT_TRUE(scheduler->purge(ctx, InstanceId("second")).ok());
  mend();
  EXPECT_EQ(rewind("p"), "ok");
  EXPECT_EQ(outcome("p"), "Completed: first done;second done;");
}

Orchestration<> gives_up(OrchestrationContext&, std::string) {
  co_return Error(Code::invalid_argument, "no");
}

TEST_F(Rewind, is_refused_where_nothing_can_be_taken_back) {
  registry.orchestration("it", three_steps);
  registry.orchestration("gives_up", gives_up);
  open();
  start("it", "a");
  EXPECT_EQ(outcome("a"), "Completed: one done;two done;three done;");
  EXPECT_EQ(rewind("a"), "conflict");
  start("gives_up", "b");
  EXPECT_EQ(outcome("b"), "Failed: invalid_argument: no");
  EXPECT_EQ(rewind("b"), "conflict");
  EXPECT_EQ(rewind("none"), "not_found");
}

}  // namespace
}  // namespace cloudfolio::durable

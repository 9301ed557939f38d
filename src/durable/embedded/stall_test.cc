// Code that does not fit a history: the instance waits, visibly, and nothing is lost.

#include <gtest/gtest.h>

#include "durable/embedded/testing/scheduler_fixture.h"

namespace cloudfolio::durable {
namespace {

using testing::SchedulerTest;

Orchestration<> old_code(OrchestrationContext& ctx, std::string) {
  CF_CO_TRY(auto a, co_await ctx.external_event("a"));
  (void)co_await ctx.call("work", a);
  CF_CO_TRY(auto b, co_await ctx.external_event("b"));
  co_return a + b;
}
Orchestration<> new_code(OrchestrationContext& ctx, std::string) {
  CF_CO_TRY(auto a, co_await ctx.external_event("a"));
  (void)co_await ctx.call("other work", a);
  co_return a;
}

class StallTest : public SchedulerTest {
 protected:
  void deploy(Orchestration<> (*code)(OrchestrationContext&, std::string)) {
    close();
    registry = Registry();
    if (code) registry.orchestration("it", code);
    for (const char* name : {"work", "other work"}) {
      registry.activity(name, [](const Context&, const ActivityInfo&, std::string input) {
        return Result<std::string>(std::move(input));
      });
    }
    open();
  }
  void reach_b() {
    deploy(old_code);
    start("it", "one");
    ASSERT_TRUE(raise("one", "a", "A").ok());
    while (events("one").find("TaskCompleted") == std::string::npos) std::this_thread::yield();
  }
  std::string why(const std::string& id) {
    return (**scheduler->get(ctx, InstanceId(id))).stalled.value_or("not stalled");
  }
};

TEST_F(StallTest, changed_code_stalls_the_instance_and_says_what_differs) {
  reach_b();
  deploy(new_code);
  ASSERT_TRUE(raise("one", "b", "B").ok());
  EXPECT_EQ(state("one"), "Running (stalled)");
  EXPECT_EQ(why("one"),
            "orchestration 'it' of instance 'one' is not deterministic: expected (its history) "
            "TaskScheduled 'work' (id 1), found (this code) TaskScheduled 'other work' (id 1). "
            "Deploy the code that wrote the history, or terminate it");
  EXPECT_EQ(lines.lines_of("orchestration.stalled").size(), 1u);
  deploy(old_code);
  EXPECT_EQ(outcome("one"), "Completed: AB");
}

TEST_F(StallTest, an_orchestration_that_is_not_deployed_waits_for_it) {
  reach_b();
  deploy(nullptr);
  ASSERT_TRUE(raise("one", "b", "B").ok());
  EXPECT_EQ(why("one"),
            "no orchestration 'it' (version '') is registered here: deploy the code that has it");
  deploy(nullptr);
  EXPECT_EQ(state("one"), "Running (stalled)");
  deploy(old_code);
  EXPECT_EQ(outcome("one"), "Completed: AB");
}

TEST_F(StallTest, a_stalled_instance_can_be_terminated) {
  reach_b();
  deploy(new_code);
  ASSERT_TRUE(raise("one", "b", "B").ok());
  ASSERT_TRUE(scheduler->terminate(ctx, InstanceId("one"), "given up").ok());
  EXPECT_EQ(outcome("one"), "Terminated: given up");
  EXPECT_EQ(start("it", "one"), "one");
}

TEST_F(StallTest, a_termination_gets_through_also_where_the_code_does_not_fit) {
  reach_b();
  deploy(new_code);
  ASSERT_TRUE(scheduler->terminate(ctx, InstanceId("one"), "given up").ok());
  EXPECT_EQ(outcome("one"), "Terminated: given up");
}

TEST_F(StallTest, resuming_tries_again) {
  reach_b();
  deploy(new_code);
  ASSERT_TRUE(raise("one", "b", "B").ok());
  ASSERT_TRUE(scheduler->resume(ctx, InstanceId("one"), "").ok());
  EXPECT_EQ(state("one"), "Running (stalled)");
  EXPECT_EQ(lines.lines_of("orchestration.stalled").size(), 2u);
}

int calls_count = 0;
Orchestration<> depends_on_a_global(OrchestrationContext& ctx, std::string) {
  CF_CO_TRY(auto a, co_await ctx.external_event("a"));
  const std::string name = calls_count++ == 0 ? "work" : "other work";
  co_return co_await ctx.call(name, a);
}

TEST_F(StallTest, comparing_live_and_replayed_turns_finds_hidden_state) {
  options.compares_live_and_cold = true;
  deploy(depends_on_a_global);
  calls_count = 0;
  start("it", "one");
  ASSERT_TRUE(raise("one", "a", "A").ok());
  EXPECT_EQ(why("one"),
            "orchestration 'it' of instance 'one' is not deterministic: live it asks for "
            "TaskScheduled 'work' (id 1), replayed for TaskScheduled 'other work' (id 1)");
}

}  // namespace
}  // namespace cloudfolio::durable

#include "durable/embedded/scheduler.h"

#include <gtest/gtest.h>

#include "durable/embedded/testing/scheduler_fixture.h"

namespace cloudfolio::durable {
namespace {

using testing::SchedulerTest;

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
  registry.activity("hello", [](const Context&, const ActivityInfo&, std::string input) {
    return Result<std::string>("Hello " + input);
  });
  open();
  start("greet", "one", "!");
  EXPECT_EQ(outcome("one"), "Completed: Hello Tokyo!Hello Seattle!Hello London!");
}

}  // namespace
}  // namespace cloudfolio::durable

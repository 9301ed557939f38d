// Code that changed under a history: what is said, and that nothing is lost.

#include <gtest/gtest.h>

#include "durable/testing/turns.h"

namespace cloudfolio::durable {
namespace {

using namespace std::chrono_literals;
using testing::Turns;

Orchestration<> first_version(OrchestrationContext& ctx, std::string) {
  CF_CO_TRY(auto a, co_await ctx.call("a", ""));
  CF_CO_TRY(auto b, co_await ctx.call("b", a));
  co_return b;
}
Orchestration<> other_name(OrchestrationContext& ctx, std::string) {
  CF_CO_TRY(auto a, co_await ctx.call("renamed", ""));
  co_return a;
}
Orchestration<> other_kind(OrchestrationContext& ctx, std::string) {
  (void)co_await ctx.timer(1s);
  co_return "";
}
Orchestration<> asks_for_more(OrchestrationContext& ctx, std::string) {
  ctx.send_event("friend", "new", "");
  CF_CO_TRY(auto a, co_await ctx.call("a", ""));
  co_return a;
}
Orchestration<> asks_later_for_more(OrchestrationContext& ctx, std::string) {
  auto a = ctx.call("a", "");
  auto extra = ctx.call("extra", "");
  co_return co_await a;
}
Orchestration<> asks_for_less(OrchestrationContext&, std::string) {
  co_return "done";
}
Orchestration<> same_with_other_input(OrchestrationContext& ctx, std::string) {
  CF_CO_TRY(auto a, co_await ctx.call("a", "corrected"));
  CF_CO_TRY(auto b, co_await ctx.call("b", a));
  co_return b;
}

// What the new code says to a history that first_version wrote up to its second call.
std::string error_of(Orchestration<> (*code)(OrchestrationContext&, std::string)) {
  Registry before;
  before.orchestration("it", first_version);
  Turns turns(before, "it");
  turns.run();
  turns.complete(1, "A").run();
  Registry after;
  after.orchestration("it", code);
  Execution execution(after);
  const auto status = execution.replay(turns.history);
  return status ? "none"
                : std::string(to_string(status.error().code())) + ": " + status.error().message();
}

std::string expected_found(std::string expected, std::string found) {
  return "conflict: orchestration 'it' of instance 'instance' is not deterministic: expected (its "
         "history) " +
         expected + ", found (this code) " + found +
         ". Deploy the code that wrote the history, or terminate it";
}

TEST(Determinism, the_code_that_wrote_the_history_fits) {
  EXPECT_EQ(error_of(first_version), "none");
}

TEST(Determinism, another_name_is_named_on_both_sides) {
  EXPECT_EQ(error_of(other_name),
            expected_found("TaskScheduled 'a' (id 1)", "TaskScheduled 'renamed' (id 1)"));
}

TEST(Determinism, another_kind_is_named_on_both_sides) {
  EXPECT_EQ(error_of(other_kind),
            expected_found("TaskScheduled 'a' (id 1)", "TimerCreated (id 1)"));
}

TEST(Determinism, an_action_in_front_is_found) {
  EXPECT_EQ(error_of(asks_for_more),
            expected_found("TaskScheduled 'a' (id 1)", "EventSent 'new' to 'friend' (id 1)"));
}

TEST(Determinism, an_action_too_many_is_found_where_its_turn_ends) {
  EXPECT_EQ(error_of(asks_later_for_more),
            expected_found("nothing more in this turn", "TaskScheduled 'extra' (id 2)"));
}

TEST(Determinism, an_action_too_few_is_found) {
  EXPECT_EQ(error_of(asks_for_less),
            expected_found("TaskScheduled 'a' (id 1)", "nothing with that id"));
}

TEST(Determinism, a_corrected_input_still_fits) {
  EXPECT_EQ(error_of(same_with_other_input), "none");
}

TEST(Determinism, an_orchestration_that_is_not_registered_says_so) {
  Registry empty;
  Turns turns(empty, "it");
  EXPECT_EQ(turns.run(),
            "no orchestration 'it' (version '') is registered here: deploy the code that has it");
}

TEST(Determinism, a_version_of_its_own_is_preferred_to_the_one_without) {
  Registry registry;
  registry.orchestration("it", first_version);
  registry.orchestration("it", "2", other_kind);
  EXPECT_NE(registry.find_orchestration("it", "2"), registry.find_orchestration("it", ""));
  EXPECT_EQ(registry.find_orchestration("it", "3"), registry.find_orchestration("it", ""));
  EXPECT_EQ(registry.find_orchestration("that", ""), nullptr);
}

}  // namespace
}  // namespace cloudfolio::durable

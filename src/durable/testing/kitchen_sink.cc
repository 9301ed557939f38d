#include "durable/testing/kitchen_sink.h"

#include <cstdio>
#include <vector>

#include "base/random.h"

namespace cloudfolio::durable::testing {
namespace {

using namespace std::chrono_literals;

constexpr int kDepthMax = 2;

struct Step {
  enum Kind {
    call,
    retried_call,
    all_of_calls,
    call_against_timer,
    timer,
    child,
    event_to_itself,
    event_that_never_comes,
    two_chains,
    chance,
    kinds_count
  };
  Kind kind = call;
  std::uint64_t number = 0;
};

std::vector<Step> plan(const SinkInput& input) {
  Random random(input.seed * 31 + static_cast<std::uint64_t>(input.round));
  std::vector<Step> steps(1 + random.below(5));
  for (Step& step : steps) {
    step.kind = static_cast<Step::Kind>(random.below(Step::kinds_count));
    step.number = random.below(100);
    if (step.kind == Step::child && input.depth >= kDepthMax) step.kind = Step::call;
  }
  return steps;
}

int rounds_count(const SinkInput& input) {
  return static_cast<int>(input.seed % 3);
}

SinkInput child_of(const SinkInput& input, const Step& step) {
  return SinkInput{input.seed * 7 + step.number, input.depth + 1, 0, 0};
}

std::int64_t worth(const SinkInput& input, const Step& step) {
  const auto number = static_cast<std::int64_t>(step.number);
  switch (step.kind) {
    case Step::call:
    case Step::retried_call:
    case Step::call_against_timer:
    case Step::event_to_itself:
      return number;
    case Step::all_of_calls:
      return number * static_cast<std::int64_t>(1 + step.number % 4);
    case Step::timer:
      return 0;
    case Step::child:
      return expected_sum(child_of(input, step));
    case Step::event_that_never_comes:
    case Step::chance:
      return 1;
    case Step::two_chains:
      return 4 * number;
    case Step::kinds_count:
      break;
  }
  return 0;
}

RetryPolicy patience() {
  return RetryPolicy().attempts(30).first_delay(5ms).delay_max(20ms);
}

Orchestration<> chain(OrchestrationContext& ctx, std::string number) {
  CF_CO_TRY(const auto a, co_await ctx.call("add", number));
  CF_CO_TRY(const auto b, co_await ctx.call("flaky", number, patience()));
  co_return std::to_string(std::stoll(a) + std::stoll(b));
}

Orchestration<std::int64_t> several(OrchestrationContext& ctx, Step step) {
  const auto number = std::to_string(step.number);
  std::vector<Task> tasks;
  if (step.kind == Step::two_chains) {
    tasks.push_back(ctx.spawn(chain(ctx, number)));
    tasks.push_back(ctx.spawn(chain(ctx, number)));
  } else {
    for (std::uint64_t i = 0; i <= step.number % 4; ++i) tasks.push_back(ctx.call("add", number));
  }
  const auto all = co_await when_all(std::move(tasks));
  std::int64_t sum = 0;
  for (const auto& each : all) {
    if (!each) co_return each.error();
    sum += std::stoll(*each);
  }
  co_return sum;
}

Orchestration<std::int64_t> race(OrchestrationContext& ctx, std::string number) {
  auto call = ctx.call("add", number);
  auto timer = ctx.timer(3ms);
  const auto first = co_await when_any(call, timer);
  ctx.set_custom_status(first == 0 ? "\"call\"" : "\"timer\"");
  CF_CO_TRY(const auto result, co_await call);
  co_return std::stoll(result);
}

Orchestration<std::int64_t> chance(OrchestrationContext& ctx) {
  const auto guid = ctx.new_guid();
  const auto number = std::to_string(ctx.random().below(1'000'000));
  CF_CO_TRY(const auto back, co_await ctx.call("add", number));
  const bool same = back == number && guid.size() == 36 && ctx.new_guid() != guid;
  co_return same ? 1 : 0;
}

Orchestration<std::int64_t> perform(OrchestrationContext& ctx, SinkInput input, Step step) {
  const auto number = std::to_string(step.number);
  switch (step.kind) {
    case Step::retried_call: {
      CF_CO_TRY(const auto result, co_await ctx.call("flaky", number, patience()));
      co_return std::stoll(result);
    }
    case Step::all_of_calls:
    case Step::two_chains:
      co_return co_await several(ctx, step);
    case Step::call_against_timer:
      co_return co_await race(ctx, number);
    case Step::timer: {
      CF_CO_TRY(const auto fired, co_await ctx.timer(std::chrono::milliseconds(step.number % 10)));
      co_return static_cast<std::int64_t>(fired.size());
    }
    case Step::child: {
      const auto id = step.number % 2 == 0 ? "" : ctx.execution_id() + ".c" + number;
      const auto child = child_of(input, step).text();
      CF_CO_TRY(const auto result, co_await ctx.call_sub("sink", id, child));
      co_return std::stoll(result);
    }
    case Step::event_to_itself: {
      ctx.send_event(ctx.instance_id(), "note", number);
      CF_CO_TRY(const auto note, co_await ctx.external_event("NOTE"));
      co_return std::stoll(note);
    }
    case Step::event_that_never_comes: {
      const auto nothing = co_await ctx.external_event("silence", 5ms);
      co_return !nothing && nothing.error().code() == Code::deadline_exceeded ? 1 : 0;
    }
    case Step::chance:
      co_return co_await chance(ctx);
    case Step::call:
    case Step::kinds_count:
      break;
  }
  CF_CO_TRY(const auto result, co_await ctx.call("add", number));
  co_return std::stoll(result);
}

Orchestration<> sink(OrchestrationContext& ctx, std::string text) {
  SinkInput input = SinkInput::from(text);
  const auto steps = plan(input);
  for (const Step& step : steps) {
    // A child's id is of its parent's; two of one number would be one child after the other.
    CF_CO_TRY(const auto worth, co_await perform(ctx, input, step));
    input.sum += worth;
  }
  if (input.round < rounds_count(input)) {
    ++input.round;
    co_return ctx.continue_as_new(input.text());
  }
  co_return std::to_string(input.sum);
}

}  // namespace

std::string SinkInput::text() const {
  return std::to_string(seed) + " " + std::to_string(depth) + " " + std::to_string(round) + " " +
         std::to_string(sum);
}

SinkInput SinkInput::from(const std::string& text) {
  SinkInput input;
  unsigned long long seed = 0;
  long long sum = 0;
  std::sscanf(text.c_str(), "%llu %d %d %lld", &seed, &input.depth, &input.round, &sum);
  input.seed = seed;
  input.sum = sum;
  return input;
}

std::int64_t expected_sum(const SinkInput& from) {
  SinkInput input = from;
  while (true) {
    for (const Step& step : plan(input)) input.sum += worth(input, step);
    if (input.round >= rounds_count(input)) return input.sum;
    ++input.round;
  }
}

void register_sink(Registry& registry) {
  registry.orchestration("sink", sink);
  registry.activity("add", [](const Context&, const ActivityInfo&, std::string input) {
    return Result<std::string>(std::move(input));
  });
  registry.activity(
      "flaky",
      [](const Context&, const ActivityInfo& info, std::string input) -> Result<std::string> {
        if (info.task_id % 3 == 0) return Error(Code::unavailable, "not this time");
        return input;
      });
}

}  // namespace cloudfolio::durable::testing

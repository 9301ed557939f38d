#include "sync/refresh.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/time_text.h"
#include "durable/failure.h"
#include "durable/orchestration.h"
#include "durable/registry.h"
#include "sync/messages.h"
#include "sync/steps.h"

namespace cloudfolio::sync {

namespace {

using durable::Orchestration;
using durable::OrchestrationContext;
using durable::RetryPolicy;
using durable::Task;
using std::chrono::milliseconds;

// The client has tried patiently by itself.
RetryPolicy network_retry() {
  return RetryPolicy().attempts(2).first_delay(milliseconds(2'000));
}
RetryPolicy storage_retry() {
  return RetryPolicy().attempts(5).first_delay(milliseconds(500)).delay_max(milliseconds(30'000));
}

// How one pass ended: with a report, or with the input of the next pass.
struct Pass {
  Pass() = default;
  bool again = false;
  RefreshInput next;
  std::string report;
};

void show(OrchestrationContext& ctx, const char* phase, std::uint64_t done, std::uint64_t total) {
  RefreshProgress progress;
  progress.phase = phase;
  progress.done = done;
  progress.total = total;
  ctx.set_custom_status(write(progress));
}

double seconds_since(const std::string& started_at, Clock::WallTime now) {
  const auto started = time_from(started_at);
  return started ? std::chrono::duration<double>(now - *started).count() : 0;
}

std::string timed(json::Value report, const OrchestrationContext& ctx, const RefreshInput& input) {
  if (auto* object = report.if_object())
    (*object)["seconds"] = seconds_since(input.started_at, ctx.now());
  return json::write(report);
}

// Sleeps until the limit is over; then the next pass.
Orchestration<Pass> wait_for_limit(OrchestrationContext& ctx, RefreshInput input, Limited limit,
                                   std::uint64_t done, std::uint64_t total) {
  if (input.limited_count >= kLimitWaitsMax) co_return Error(Code::rate_limited, limit.message);
  RefreshProgress progress;
  progress.phase = "waiting";
  progress.done = done;
  progress.total = total;
  progress.resumes_at = limit.resumes_at;
  progress.message = limit.message;
  ctx.set_custom_status(write(progress));
  const Clock::WallTime until =
      time_from(limit.resumes_at).value_or(ctx.now() + std::chrono::minutes(1));
  CF_CO_CHECK(co_await ctx.timer_at(until));
  Pass pass;
  pass.again = true;
  pass.next = std::move(input);
  ++pass.next.limited_count;
  co_return pass;
}

// What the batches of one pass came to.
struct Fetched {
  Fetched() = default;
  std::vector<FailedBatch> failed;
  std::optional<Limited> limit;
  std::optional<Error> error;  // of the first batch that failed
  std::uint64_t staged = 0;
};

Orchestration<Fetched> fetch_batches(OrchestrationContext& ctx, std::string login,
                                     DetectResult plan) {
  std::vector<Task> tasks;
  const std::uint64_t batches = std::max(plan.batches, plan.hidden ? plan.hidden->batches : 0);
  for (std::uint64_t batch = 0; batch < batches; ++batch) {
    FetchInput input;
    input.login = login;
    input.generation = batch < plan.batches ? plan.generation : 0;
    input.batch = batch;
    if (plan.hidden && batch < plan.hidden->batches) input.hidden = plan.hidden;
    input.batch_fetch = plan.batch_fetch;
    tasks.push_back(ctx.call(kFetchActivity, write(input), network_retry()));
  }
  Fetched all;
  std::uint64_t done = 0;
  for (std::uint64_t batch = 0; batch < batches; ++batch) {
    if (!plan.unchanged) show(ctx, "fetching", done, plan.repositories);
    const Result<std::string> answer = co_await tasks[batch];
    if (!answer) {
      if (answer.error().code() == Code::cancelled) co_return answer.error();
      // Of private repositories alone: their report tells it.
      if (!all.error && batch < plan.batches) all.error = answer.error();
      all.failed.push_back(
          {batch, std::string(to_string(answer.error().code())) + ": " + answer.error().message()});
      continue;
    }
    CF_CO_TRY(const FetchResult result, json::parse_as<FetchResult>(*answer));
    done += result.staged + result.missing;
    all.staged += result.staged;
    if (!result.limited) continue;
    if (batch >= plan.batches) {
      all.failed.push_back({batch, "rate_limited: " + result.limited->message});
      continue;
    }
    if (!all.limit || all.limit->resumes_at < result.limited->resumes_at)
      all.limit = result.limited;
    if (result.staged == 0)
      all.failed.push_back({batch, "rate_limited: " + result.limited->message});
  }
  co_return all;
}

// Input of start_orchestration; `scope` empty: of the public portfolio.
std::string start_of_index(const std::string& login, const std::string& scope) {
  StartInput start;
  start.name = "index_portfolio";
  start.instance = (scope.empty() ? "index:" : "private:index:") + login;
  json::Object input;
  input["login"] = login;
  if (!scope.empty()) input["scope"] = scope;
  start.input = std::move(input);
  return write(start);
}

Orchestration<Pass> refresh_once(OrchestrationContext& ctx, RefreshInput input) {
  Pass pass;
  show(ctx, "detecting", 0, 0);
  CF_CO_TRY(const std::string detected,
            co_await ctx.call(kDetectActivity, write(input), network_retry()));
  CF_CO_TRY(const DetectResult plan, json::parse_as<DetectResult>(detected));
  if (plan.limited) {
    auto waiting = wait_for_limit(ctx, input, *plan.limited, 0, 0);
    co_return co_await waiting;
  }
  std::string index_start = start_of_index(input.login, "");
  std::string private_start = start_of_index(input.login, plan.hidden ? plan.hidden->scope : "");
  if (plan.unchanged && plan.index_missing)
    (void)co_await ctx.call(kStartActivity, index_start, storage_retry());
  if (plan.hidden && plan.hidden->index_missing)
    (void)co_await ctx.call(kStartActivity, private_start, storage_retry());
  if (plan.unchanged && !(plan.hidden && plan.hidden->generation != 0)) {
    pass.report = timed(plan.report.value_or(json::Object()), ctx, input);
    co_return pass;
  }
  auto fetching = fetch_batches(ctx, input.login, plan);
  CF_CO_TRY(const Fetched fetched, co_await fetching);
  const bool nothing_read = plan.repositories > 0 && fetched.staged == 0;
  // Nothing was learnt: the last publication stays, and the reason is told or waited out.
  if (nothing_read && fetched.limit) {
    auto waiting = wait_for_limit(ctx, input, *fetched.limit, 0, plan.repositories);
    co_return co_await waiting;
  }
  // GitHub answered the probe, so trouble that may pass is these repositories' own: it is recorded
  // on them.
  const bool may_be_theirs =
      plan.has_base && fetched.error && durable::may_pass(fetched.error->code());
  if (nothing_read && fetched.error && !may_be_theirs) co_return *fetched.error;

  if (!plan.unchanged) show(ctx, "publishing", plan.repositories, plan.repositories);
  PublishInput publish;
  publish.login = input.login;
  publish.started_at = input.started_at;
  publish.generation = plan.unchanged ? 0 : plan.generation;
  if (plan.hidden && plan.hidden->generation != 0) publish.hidden = plan.hidden;
  publish.failed = fetched.failed;
  if (fetched.limit) publish.resumes_at = fetched.limit->resumes_at;
  std::string publish_text = write(publish);
  CF_CO_TRY(const std::string answer,
            co_await ctx.call(kPublishActivity, std::move(publish_text), storage_retry()));
  CF_CO_TRY(const PublishResult result, json::parse_as<PublishResult>(answer));
  if (result.superseded) {
    if (input.superseded_count >= kSupersededMax)
      co_return Error(Code::conflict,
                      "others kept publishing for '" + input.login + "'; try again");
    pass.again = true;
    pass.next = input;
    ++pass.next.superseded_count;
    co_return pass;
  }
  if (result.published)
    (void)co_await ctx.call(kStartActivity, std::move(index_start), storage_retry());
  if (result.private_published)
    (void)co_await ctx.call(kStartActivity, std::move(private_start), storage_retry());
  if (fetched.limit) {  // What is left is read when the limit is over.
    RefreshInput rest = input;
    rest.force = false;
    auto waiting = wait_for_limit(ctx, rest, *fetched.limit, fetched.staged, plan.repositories);
    co_return co_await waiting;
  }
  json::Value report = plan.unchanged ? plan.report.value_or(json::Object()) : result.report;
  pass.report = timed(std::move(report), ctx, input);
  co_return pass;
}

Orchestration<> refresh_portfolio(OrchestrationContext& ctx, std::string text) {
  CF_CO_TRY(RefreshInput input, json::parse_as<RefreshInput>(text));
  if (input.started_at.empty()) input.started_at = to_text(ctx.now());
  auto once = refresh_once(ctx, input);
  Result<Pass> pass = co_await once;
  if (pass && pass->again) {
    std::string next = write(pass->next);
    co_return ctx.continue_as_new(std::move(next));
  }
  // Forced meanwhile: once more, however this one ended.
  auto forced = ctx.external_event(kForceEvent, milliseconds(0));
  const Result<std::string> event = co_await forced;
  if (event) {
    RefreshInput again;
    again.login = input.login;
    again.scope = input.scope;
    again.force = true;
    std::string next = write(again);
    co_return ctx.continue_as_new(std::move(next));
  }
  if (!pass) co_return std::move(pass).error();
  co_return std::move(pass->report);
}

// Parses the input, then the step.
template <class Input, class Step>
durable::Activity activity(Step step) {
  return [step](const Context& ctx, const durable::ActivityInfo&,
                std::string input) -> Result<std::string> {
    CF_TRY(const Input parsed, json::parse_as<Input>(input));
    return step(ctx, parsed);
  };
}

}  // namespace

void register_refresh(durable::Registry& registry, RefreshSteps& steps) {
  registry.orchestration(kRefreshOrchestration, refresh_portfolio);
  const durable::ActivityOptions network =
      durable::ActivityOptions().pool(kSyncPool).timeout(std::chrono::minutes(15));
  const durable::ActivityOptions storage =
      durable::ActivityOptions().timeout(std::chrono::minutes(10));
  registry.activity(kDetectActivity,
                    activity<RefreshInput>([&steps](const Context& ctx, const RefreshInput& input) {
                      return steps.detect(ctx, input);
                    }),
                    network);
  registry.activity(kFetchActivity,
                    activity<FetchInput>([&steps](const Context& ctx, const FetchInput& input) {
                      return steps.fetch(ctx, input);
                    }),
                    network);
  registry.activity(kPublishActivity,
                    activity<PublishInput>([&steps](const Context& ctx, const PublishInput& input) {
                      return steps.publish(ctx, input);
                    }),
                    storage);
}

}  // namespace cloudfolio::sync

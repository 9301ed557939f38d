#include "sync/testing/refresh_runner.h"

#include <gtest/gtest.h>

#include <chrono>
#include <utility>
#include <variant>

namespace cloudfolio::sync::testing {

RefreshRunner::RefreshRunner(storage::BlobStore& blobs, Source& source, ManualClock& clock,
                             std::string login, Accounts* accounts, const cache::Rights* rights)
    : login_(std::move(login)),
      clock_(clock),
      cache_(blobs, clock, metrics_),
      steps_({.cache = cache_,
              .source = source,
              .clock = clock,
              .log = log_,
              .metrics = metrics_,
              .rights = rights,
              .accounts = accounts}) {
  register_refresh(registry, steps_);
  registry.activity(kStartActivity,
                    [this](const Context&, const durable::ActivityInfo&,
                           std::string input) -> Result<std::string> {
                      started.push_back(std::move(input));
                      return std::string("{}");
                    });
}

Result<Report> RefreshRunner::run(Force force, Disturbance disturbance) {
  RefreshInput input;
  input.login = login_;
  input.force = force == Force::yes;
  disturbance_ = disturbance;
  activities_count = 0;
  std::string next = write(input);
  for (int execution = 0; execution < 50; ++execution) {
    const durable::CompleteOrchestration end = execute(next);
    if (end.failure) return durable::error_from(*end.failure);
    if (end.status != durable::OrchestrationStatus::continued_as_new)
      return report_from_json(end.result);
    next = end.result;
  }
  return Error(Code::internal, "it never ends");
}

durable::CompleteOrchestration RefreshRunner::execute(const std::string& input) {
  durable::testing::Turns turns(registry, kRefreshOrchestration, input);
  for (std::string& event : std::exchange(events, {})) turns.raise(std::move(event), "{}");
  turns.pass(clock_.wall_time() - turns.now() < std::chrono::milliseconds(0)
                 ? std::chrono::milliseconds(0)
                 : std::chrono::duration_cast<std::chrono::milliseconds>(clock_.wall_time() -
                                                                         turns.now()));
  for (int turn = 0; turn < 500; ++turn) {
    const auto actions = turns.turn();
    if (!actions) {
      ADD_FAILURE() << actions.error().message();
      return {};
    }
    if (statuses.empty() || statuses.back() != turns.custom_status)
      statuses.push_back(turns.custom_status);
    for (const durable::Action& action : *actions) {
      if (std::get_if<durable::CompleteOrchestration>(&action.body)) return turns.output;
      if (const auto* task = std::get_if<durable::ScheduleTask>(&action.body))
        answer(turns, action.id, *task);
      if (const auto* timer = std::get_if<durable::CreateTimer>(&action.body)) {
        const auto wait = timer->fire_at - turns.now();
        if (wait > wait.zero()) {
          turns.pass(std::chrono::ceil<std::chrono::milliseconds>(wait));
          clock_.advance(wait);
        }
        turns.fire(action.id);
      }
    }
  }
  ADD_FAILURE() << "it never ends";
  return {};
}

void RefreshRunner::answer(durable::testing::Turns& turns, std::int32_t id,
                           const durable::ScheduleTask& task) {
  const auto* activity = registry.find_activity(task.name);
  ASSERT_NE(activity, nullptr) << task.name;
  durable::ActivityInfo info;
  info.name = task.name;
  const auto run_it = [&] { return activity->run(Context(), info, task.input); };
  const bool disturbed = ++activities_count == disturbance_.activity;
  const Error outage(Code::unavailable, "the store is out for lunch");
  Result<std::string> result = outage;
  if (!disturbed || disturbance_.kind != Disturbance::Kind::fails) result = run_it();
  if (disturbed && disturbance_.kind == Disturbance::Kind::answer_lost) result = run_it();
  if (disturbed && disturbance_.kind == Disturbance::Kind::fails_late) result = outage;
  if (result)
    turns.complete(id, *result);
  else
    turns.fail(id, result.error());
}

}  // namespace cloudfolio::sync::testing

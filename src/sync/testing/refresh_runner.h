#pragma once
// Runs refresh_portfolio turn by turn in this thread, with real activities, and with a crash or a
// failure at a chosen one. Timers fire at once, with the clock moved to them.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "cache/cache.h"
#include "durable/registry.h"
#include "durable/testing/turns.h"
#include "storage/storage.h"
#include "sync/messages.h"
#include "sync/refresh.h"
#include "sync/report.h"
#include "sync/steps.h"
#include "sync/testing/fake_github.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cloudfolio::sync::testing {

// What happens to the n-th run of an activity (the first is 1; 0: nothing).
struct Disturbance {
  enum class Kind {
    fails,        // It does not run, and says unavailable.
    answer_lost,  // It runs, and its answer is lost with the process: it runs again.
    fails_late,   // It runs, and says unavailable nevertheless.
  };
  int activity = 0;
  Kind kind = Kind::fails;
};

class RefreshRunner {
 public:
  // `rights` nullptr: private repositories are not mirrored.
  RefreshRunner(storage::BlobStore& blobs, Source& source, ManualClock& clock,
                std::string login = "octocat", Accounts* accounts = nullptr,
                const cache::Rights* rights = nullptr)
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

  cache::TenantCache open() const { return cache_.open(TenantId(login_)); }
  const cache::Cache& cache() const { return cache_; }
  RefreshSteps& steps() { return steps_; }

  // To its end: the report, or why it failed.
  Result<Report> run(Force force = Force::no, Disturbance disturbance = {}) {
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

  durable::Registry registry;
  std::vector<std::string> started;   // inputs of start_orchestration
  std::vector<std::string> statuses;  // custom statuses, each once
  std::vector<std::string> events;    // to raise in the first turn of the next execution
  int activities_count = 0;

 private:
  durable::CompleteOrchestration execute(const std::string& input) {
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

  void answer(durable::testing::Turns& turns, std::int32_t id, const durable::ScheduleTask& task) {
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

  const std::string login_;
  ManualClock& clock_;
  telemetry::MetricRegistry metrics_;
  telemetry::MemoryLogSink lines_;
  telemetry::Log log_{lines_, clock_};
  cache::Cache cache_;
  RefreshSteps steps_;
  Disturbance disturbance_;
};

}  // namespace cloudfolio::sync::testing

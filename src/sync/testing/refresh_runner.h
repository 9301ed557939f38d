#pragma once
// Runs refresh_portfolio turn by turn in this thread, with real activities, and with a crash or a
// failure at a chosen one. Timers fire at once, with the clock moved to them.

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
                const cache::Rights* rights = nullptr);

  cache::TenantCache open() const { return cache_.open(TenantId(login_)); }
  const cache::Cache& cache() const { return cache_; }
  RefreshSteps& steps() { return steps_; }

  // To its end: the report, or why it failed.
  Result<Report> run(Force force = Force::no, Disturbance disturbance = {});

  durable::Registry registry;
  std::vector<std::string> started;   // inputs of start_orchestration
  std::vector<std::string> statuses;  // custom statuses, each once
  std::vector<std::string> events;    // to raise in the first turn of the next execution
  int activities_count = 0;

 private:
  durable::CompleteOrchestration execute(const std::string& input);
  void answer(durable::testing::Turns& turns, std::int32_t id, const durable::ScheduleTask& task);

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

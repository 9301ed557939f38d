#pragma once
// The engine without threads: one seed decides in which order activities finish, when time passes,
// when the process dies and when the disk refuses. For tests.

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>

#include "durable/embedded/engine.h"
#include "durable/embedded/testing/scheduler_fixture.h"
#include "durable/testing/history_check.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cloudfolio::durable::testing {

class Simulation {
 public:
  Simulation(const Registry& registry, std::uint64_t seed) : registry_(registry), random(seed) {
    options.directory = directory_.path();
    open();
  }

  // The process dies, whatever it was doing, and comes back.
  void crash() {
    engine_.reset();
    journal_.reset();
    tasks_.clear();
    ++crashes_count;
    open();
  }

  // One batch with `commands` in it. False if the disk refused it: nothing of it happened.
  bool batch(const std::function<Status(Engine&)>& command = {}) {
    std::deque<ActivityTask> done;
    Status status = engine_->begin();
    if (status) {
      for (auto count = random.below(4); count > 0 && !tasks_.empty(); --count) {
        done.push_back(pick());
        const auto* activity = registry_.find_activity(done.back().info.name);
        // Now and then a result comes twice: activities run at least once.
        for (auto times = 1 + random.below(5) / 4; times > 0 && status; --times) {
          status =
              engine_->accept(done.back(), activity->run({}, done.back().info, done.back().input));
        }
      }
    }
    if (status && command) status = command(*engine_);
    if (status) status = engine_->fire_due_timers();
    if (status) status = engine_->run_ready();
    if (status) {
      auto effects = engine_->commit();
      if (effects) {
        take(*std::move(effects));
        return true;
      }
    }
    engine_->abort();
    for (ActivityTask& task : done) tasks_.push_back(std::move(task));
    ++refusals_count;
    return false;
  }

  void start(const std::string& id, const std::string& name, const std::string& input) {
    StartOptions start;
    start.name = name;
    start.instance = InstanceId(id);
    start.input = input;
    while (!batch([&](Engine& engine) -> Status {
      CF_CHECK(engine.start({}, start));
      return Done{};
    })) {
    }
  }

  // Batches until the instance has ended; its output, or what is wrong with it.
  std::string finish(const std::string& id) {
    for (int step = 0; step < 20'000; ++step) {
      if (crash_one_in > 0 && random.below(crash_one_in) == 0) crash();
      batch();
      clock.advance(std::chrono::milliseconds(random.below(5)));
      const auto row = journal_->find(id);
      if (!row || !*row) return "it is gone";
      if ((*row)->stalled) return "stalled: " + *(*row)->stalled;
      if (!is_terminal((*row)->status)) continue;
      const auto history = journal_->history((*row)->key);
      EXPECT_TRUE(history.ok());
      return std::get<ExecutionCompleted>(history->back().body).result;
    }
    return "it did not end";
  }

  // What must hold of every history, at any time.
  void check_histories() {
    ASSERT_TRUE(journal_->check_integrity().ok());
    for (std::int64_t key = 1;; ++key) {
      const auto row = journal_->find(key);
      ASSERT_TRUE(row.ok());
      if (!*row) return;
      const auto history = journal_->history(key);
      ASSERT_TRUE(history.ok());
      check_history(*history, is_terminal((*row)->status));
    }
  }
  Engine& engine() { return *engine_; }
  Journal& journal() { return *journal_; }

 private:
  void open() {
    auto journal = Journal::open(directory_.path(), [this](std::string_view) -> Status {
      ++operations_count;
      const bool refuse = operations_count == refuse_operation ||
                          (refuse_one_in > 0 && random.below(refuse_one_in) == 0);
      if (refuse) return Error(Code::unavailable, "injected: disk full");
      return Done{};
    });
    ASSERT_TRUE(journal.ok()) << journal.error().message();
    journal_ = *std::move(journal);
    metrics_ = std::make_unique<telemetry::MetricRegistry>();
    counted_ = std::make_unique<DurableMetrics>(*metrics_, registry_);
    engine_ = std::make_unique<Engine>(Engine::Parts{
        options, registry_, clock, Random(random.next()), *journal_, *counted_, log_});
    while (true) {
      auto effects = engine_->recover();
      if (effects) return take(*std::move(effects));
      ++refusals_count;
    }
  }
  void take(Effects effects) {
    for (ActivityTask& task : effects.dispatch) tasks_.push_back(std::move(task));
    for (const std::string& id : effects.cancel) {
      std::erase_if(tasks_, [&](const ActivityTask& t) { return t.info.execution_id == id; });
    }
  }
  ActivityTask pick() {
    const auto at = static_cast<std::ptrdiff_t>(random.below(tasks_.size()));
    ActivityTask task = std::move(tasks_[static_cast<std::size_t>(at)]);
    tasks_.erase(tasks_.begin() + at);
    return task;
  }

  const Registry& registry_;
  TemporaryDirectory directory_;
  telemetry::MemoryLogSink lines_;
  std::unique_ptr<telemetry::MetricRegistry> metrics_;
  std::unique_ptr<DurableMetrics> counted_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Engine> engine_;
  std::deque<ActivityTask> tasks_;

 public:
  Random random;
  ManualClock clock;
  EmbeddedOptions options;
  std::uint64_t crash_one_in = 0;   // Batches; 0: never.
  std::uint64_t refuse_one_in = 0;  // Operations; 0: never.
  std::int64_t refuse_operation = -1;
  std::int64_t operations_count = 0;
  int crashes_count = 0;
  int refusals_count = 0;

 private:
  telemetry::Log log_{lines_, clock};
};

}  // namespace cloudfolio::durable::testing

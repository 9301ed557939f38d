// Activities: at least once, their results exactly once; pools, interruption, cancellation.

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "durable/embedded/testing/scheduler_fixture.h"

namespace cloudfolio::durable {
namespace {

using testing::SchedulerTest;

// Opened once, for whoever waits.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

Orchestration<> one_call(OrchestrationContext& ctx, std::string input) {
  co_return co_await ctx.call("work", input);
}

// Waits for its stop token; `begun` opens when it runs.
Activity stuck(Gate& begun, std::atomic<int>& attempt) {
  return [&](const Context& ctx, const ActivityInfo& info, std::string) -> Result<std::string> {
    attempt = info.attempt;
    Gate stopped;
    const std::stop_callback on_stop(ctx.stop_token(), [&] { stopped.open(); });
    begun.open();
    stopped.wait();
    return Error(Code::cancelled, "stopped");
  };
}

TEST_F(SchedulerTest, an_activity_interrupted_by_a_stop_runs_again_after_the_restart) {
  Gate begun;
  std::atomic<int> attempt{0};
  registry.orchestration("it", one_call);
  registry.activity("work", stuck(begun, attempt));
  open();
  start("it", "one");
  begun.wait();
  EXPECT_EQ(attempt, 1);
  close();
  registry = Registry();
  registry.orchestration("it", one_call);
  registry.activity("work", [&](const Context&, const ActivityInfo& info, std::string) {
    attempt = info.attempt;
    return Result<std::string>("done");
  });
  open();
  EXPECT_EQ(outcome("one"), "Completed: done");
  EXPECT_EQ(attempt, 2);
}

TEST_F(SchedulerTest, a_terminated_instance_asks_its_activities_to_stop) {
  Gate begun;
  std::atomic<int> attempt{0};
  registry.orchestration("it", one_call);
  registry.activity("work", stuck(begun, attempt));
  open();
  start("it", "one");
  begun.wait();
  ASSERT_TRUE(scheduler->terminate(ctx, InstanceId("one"), "").ok());
  close();  // Hangs if nobody asked.
  open();
  EXPECT_EQ(state("one"), "Terminated: ");
}

TEST_F(SchedulerTest, an_activity_that_ends_the_process_too_often_fails) {
  options.activity_attempts_count_max = 3;
  std::atomic<int> attempt{0};
  for (int process = 1; process <= 3; ++process) {
    Gate begun;
    registry = Registry();
    registry.orchestration("it", one_call);
    registry.activity("work", stuck(begun, attempt));
    open();
    if (process == 1) start("it", "one");
    begun.wait();
    EXPECT_EQ(attempt, process);
    close();
  }
  open();
  EXPECT_EQ(outcome("one"),
            "Failed: internal: the process ended 3 times while 'work' was running: it is not tried "
            "again");
}

Orchestration<> many_calls(OrchestrationContext& ctx, std::string input) {
  std::vector<Task> tasks;
  for (int i = 0; i < 20; ++i) tasks.push_back(ctx.call("work", input));
  const auto all = co_await when_all(std::move(tasks));
  co_return std::to_string(all.size());
}

TEST_F(SchedulerTest, a_pool_of_one_thread_runs_one_activity_at_a_time) {
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  registry.orchestration("it", many_calls);
  registry.pool("training", 1);
  registry.activity(
      "work",
      [&](const Context&, const ActivityInfo&, std::string) {
        most = std::max(most.load(), ++running);
        std::this_thread::yield();
        --running;
        return Result<std::string>("");
      },
      ActivityOptions().pool("training"));
  open();
  start("it", "one");
  EXPECT_EQ(outcome("one"), "Completed: 20");
  EXPECT_EQ(most, 1);
}

TEST_F(SchedulerTest, an_activity_knows_for_whom_it_runs) {
  registry.orchestration("it", one_call);
  registry.activity("work", [&](const Context& c, const ActivityInfo& info, std::string input) {
    return Result<std::string>(input + " " + c.tenant().str() + " " + c.instance().str() + " " +
                               c.trace().str() + " " + std::to_string(info.task_id) + " " +
                               std::to_string(c.deadline() - clock.now() == std::chrono::hours(1)));
  });
  open();
  StartOptions options_of_it;
  options_of_it.name = "it";
  options_of_it.instance = InstanceId("one");
  options_of_it.input = "in";
  const auto caller =
      ctx.for_tenant(TenantId("octocat")).with_trace(TraceId("4bf92f3577b34da6a3ce929d0e0e4736"));
  ASSERT_TRUE(scheduler->start(caller, options_of_it).ok());
  EXPECT_EQ(outcome("one"), "Completed: in octocat one 4bf92f3577b34da6a3ce929d0e0e4736 1 1");
}

// Reports every result three times, from a thread of its own.
class Stutter final : public ActivityDispatcher {
 public:
  void dispatch(ActivityTask task, ActivityResults& results) override {
    threads_.emplace_back([task = std::move(task), &results] {
      for (int i = 0; i < 3; ++i) {
        results.report(task, i == 0 ? Result<std::string>("first")
                                    : Result<std::string>(Error(Code::internal, "late")));
      }
    });
  }
  void cancel(const std::string&) override {}
  void stop() override {
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }
  std::size_t waiting_count() const override { return 0; }

 private:
  std::vector<std::thread> threads_;
};

TEST_F(SchedulerTest, a_result_reported_again_changes_nothing) {
  registry.orchestration("it", many_calls);
  registry.activity("work", [](const Context&, const ActivityInfo&, std::string) {
    return Result<std::string>("");
  });
  metrics = std::make_unique<telemetry::MetricRegistry>();
  auto opened = Embedded::open(options, registry, clock, Random(7), log, *metrics,
                               std::make_unique<Stutter>());
  ASSERT_TRUE(opened.ok());
  scheduler = *std::move(opened);
  start("it", "one");
  EXPECT_EQ(outcome("one"), "Completed: 20");
  const auto history = scheduler->history(ctx, InstanceId("one"));
  int completed = 0;
  int failed = 0;
  for (const auto& event : *history) {
    completed += std::holds_alternative<TaskCompleted>(event.body);
    failed += std::holds_alternative<TaskFailed>(event.body);
  }
  EXPECT_EQ(completed, 20);
  EXPECT_EQ(failed, 0);
}

}  // namespace
}  // namespace cloudfolio::durable

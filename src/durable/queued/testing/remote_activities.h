#pragma once
// An orchestrator whose activity "work" runs in workers that it meets only in a store.

#include <gtest/gtest.h>

#include "durable/embedded/scheduler.h"
#include "durable/embedded/testing/scheduler_fixture.h"
#include "durable/queued/activity_worker.h"
#include "durable/queued/queue_dispatcher.h"
#include "json/json.h"

namespace cloudfolio::durable {

inline constexpr char kPool[] = "far";
inline constexpr char kQueue[] = "work-far";

// Runs nothing: every pool of these tests is remote.
class NoDispatcher final : public ActivityDispatcher {
 public:
  void dispatch(ActivityTask, ActivityResults&) override { ADD_FAILURE() << "ran locally"; }
  void cancel(const std::string&) override {}
  void stop() override {}
  std::size_t waiting_count() const override { return 0; }
};

class RemoteActivitiesTest : public testing::SchedulerTest {
 protected:
  RemoteActivitiesTest() {
    registry.orchestration("it",
                           [](OrchestrationContext& context, std::string input) -> Orchestration<> {
                             co_return co_await context.call("work", input);
                           });
    work([](const Context&, const ActivityInfo&, std::string input) {
      return Result<std::string>("did " + input);
    });
  }

  void TearDown() override { close(); }  // Its threads use the store below.

  void work(Activity activity) {
    worker_registry = Registry();
    worker_registry.activity("work", std::move(activity), ActivityOptions().pool(kPool));
  }

  void open() {
    if (!registry.find_activity("work")) {
      registry.activity(
          "work",
          [](const Context&, const ActivityInfo&, std::string) -> Result<std::string> {
            return Error(Code::internal, "ran in the orchestrator");
          },
          ActivityOptions().pool(kPool));
    }
    metrics = std::make_unique<telemetry::MetricRegistry>();
    auto dispatcher = QueueDispatcher::open(
        {.queues = {{kPool, kQueue}}, .look_every = std::chrono::milliseconds(2)},
        {.registry = registry, .storage = *storage, .clock = clock, .log = log},
        std::make_unique<NoDispatcher>());
    ASSERT_TRUE(dispatcher.ok()) << dispatcher.error().message();
    sending = dispatcher->get();
    auto opened =
        Embedded::open(options, registry, clock, Random(7), log, *metrics, *std::move(dispatcher));
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    scheduler = *std::move(opened);
  }

  std::unique_ptr<ActivityWorker> open_worker(ActivityWorkerOptions wanted = {}) {
    wanted.queue = kQueue;
    wanted.renew_every = std::chrono::milliseconds(2);
    auto opened = ActivityWorker::open(
        std::move(wanted),
        {.registry = worker_registry, .storage = *storage, .clock = clock, .log = log});
    EXPECT_TRUE(opened.ok());
    return *std::move(opened);
  }
  // One without threads: tests call run_one().
  std::unique_ptr<ActivityWorker> open_idle_worker(ActivityWorkerOptions wanted = {}) {
    wanted.threads_count = 0;
    return open_worker(std::move(wanted));
  }

  void wait_for_message() {
    ASSERT_TRUE(queue().wait_for_message(ctx, clock.now() + std::chrono::hours(1)).ok());
  }
  storage::Queue& queue(const std::string& name = kQueue) { return **storage->queue(name); }
  std::size_t count_of(const std::string& name) {
    return static_cast<std::size_t>(*queue(name).approximate_count(ctx));
  }

  std::string reason_aside() {
    const auto aside = queue("work-far-poison").peek(ctx, 2);
    if (!aside || aside->size() != 1) return "not put aside once";
    return std::string(json::find_string(*json::parse_object(aside->front().body), "reason")
                           .value_or("without a reason"));
  }

  QueueDispatcher* sending = nullptr;  // The scheduler's.
  std::unique_ptr<storage::Storage> storage = storage::open_memory(clock);
  Registry worker_registry;
};

}  // namespace cloudfolio::durable

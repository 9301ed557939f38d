// A worker whose store fails, or who dies, at each of its calls: one result, nothing left, nothing
// put aside twice.

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "durable/queued/activity_claims.h"
#include "durable/queued/activity_message.h"
#include "durable/queued/activity_results.h"
#include "durable/queued/activity_worker.h"
#include "storage/storage.h"
#include "storage/testing/failing.h"

namespace cloudfolio::durable {
namespace {

using namespace std::chrono_literals;
using storage::Fault;

constexpr char kQueue[] = "work-far";
constexpr char kPoison[] = "work-far-poison";
constexpr char kEvents[] = "activity-results";

// One worker's view of the store: any call of it may be the one that fails.
class FailingStorage final : public storage::Storage {
 public:
  FailingStorage(storage::Storage& real, storage::Faults& faults) : real_(real), faults_(faults) {}

  Result<storage::BlobStore*> blobs(std::string_view name) override {
    CF_TRY(storage::BlobStore* const real, real_.blobs(name));
    return &blobs_.try_emplace(std::string(name), *real, faults_).first->second;
  }
  Result<storage::Queue*> queue(std::string_view name) override {
    CF_TRY(storage::Queue* const real, real_.queue(name));
    return &queues_.try_emplace(std::string(name), *real, faults_).first->second;
  }
  Result<storage::Table*> table(std::string_view name) override {
    CF_TRY(storage::Table* const real, real_.table(name));
    return &tables_.try_emplace(std::string(name), *real, faults_).first->second;
  }
  storage::LeaseBook& leases() override { return real_.leases(); }
  Status check(const Context& ctx) override { return real_.check(ctx); }
  Status maintain(const Context& ctx) override { return real_.maintain(ctx); }

 private:
  storage::Storage& real_;
  storage::Faults& faults_;
  std::map<std::string, storage::FailingBlobStore> blobs_;
  std::map<std::string, storage::FailingQueue> queues_;
  std::map<std::string, storage::FailingTable> tables_;
};

class WorkerFaults : public testing::TestWithParam<std::pair<Fault::When, Fault::Then>> {
 protected:
  WorkerFaults() : log(*sink, clock, telemetry::Level::off) {
    registry.activity("work",
                      [this](const Context&, const ActivityInfo&, std::string) {
                        return Result<std::string>("run " + std::to_string(++runs));
                      },
                      {});
  }

  std::unique_ptr<ActivityWorker> worker(storage::Storage& over,
                                         std::chrono::milliseconds renew_every = 1h) {
    ActivityWorkerOptions options;
    options.queue = kQueue;
    options.threads_count = 0;
    options.renew_every = renew_every;
    return *ActivityWorker::open(
        std::move(options), {.registry = registry, .storage = over, .clock = clock, .log = log});
  }
  Fault fault_at(std::uint64_t call) const {
    return {.call = call, .when = GetParam().first, .then = GetParam().second};
  }
  // Each world is new: a message in it, one worker that fails, and healthy ones after it.
  void begin(const std::string& body) {
    store = storage::open_memory(clock);
    runs = 0;
    ASSERT_TRUE((**store->queue(kQueue)).send(ctx, body, {.time_to_live = {}}).ok());
  }
  void run_until_nothing_is_left() {
    const auto healthy = worker(*store);
    for (int look = 0; look < 20 && count(kQueue) > 0; ++look) {
      clock.advance(61s);
      ASSERT_TRUE(healthy->run_one(ctx).ok());
    }
    EXPECT_EQ(count(kQueue), 0u);
  }
  std::uint64_t count(const char* queue) { return *(**store->queue(queue)).approximate_count(ctx); }

  static ActivityTask task() {
    ActivityTask task;
    task.info.name = "work";
    task.info.instance_id = "one";
    task.info.execution_id = "e1";
    task.info.task_id = 3;
    task.info.attempt = 1;
    return task;
  }

  Context ctx;
  ManualClock clock;
  std::unique_ptr<telemetry::LogSink> sink = telemetry::make_stderr_sink();
  telemetry::Log log;
  Registry registry;
  std::unique_ptr<storage::Storage> store;
  std::atomic<int> runs{0};
};

TEST_P(WorkerFaults, at_any_call_leave_one_result_that_was_told_and_no_message) {
  const std::string body = *write_activity_message(task());
  for (std::uint64_t call = 1;; ++call) {
    SCOPED_TRACE("call " + std::to_string(call));
    begin(body);
    storage::Faults faults(fault_at(call));
    FailingStorage failing(*store, faults);
    (void)worker(failing)->run_one(ctx);
    run_until_nothing_is_left();
    ActivityResultStore results(**store->blobs(kActivityResultContainer), clock);
    const auto kept = results.find(ctx, result_message_of(task().info));
    ASSERT_TRUE(kept.ok() && *kept);
    EXPECT_TRUE((*kept)->result.ok());
    EXPECT_GE(count(kEvents), 1u) << "nobody was told";
    EXPECT_EQ(count(kPoison), 0u);
    EXPECT_LE(runs, 2);
    if (!faults.happened()) break;
  }
}

TEST_P(WorkerFaults, at_any_call_put_an_unreadable_message_aside_once) {
  for (std::uint64_t call = 1;; ++call) {
    SCOPED_TRACE("call " + std::to_string(call));
    begin(R"({"v":7})");
    storage::Faults faults(fault_at(call));
    FailingStorage failing(*store, faults);
    (void)worker(failing)->run_one(ctx);
    run_until_nothing_is_left();
    EXPECT_EQ(count(kPoison), 1u);
    EXPECT_EQ(runs, 0);
    if (!faults.happened()) break;
  }
}

INSTANTIATE_TEST_SUITE_P(Everywhere, WorkerFaults,
                         testing::Values(std::pair{Fault::When::before, Fault::Then::works},
                                         std::pair{Fault::When::after, Fault::Then::works},
                                         std::pair{Fault::When::before, Fault::Then::fails},
                                         std::pair{Fault::When::after, Fault::Then::fails}),
                         [](const auto& given) {
                           return std::string(given.param.first == Fault::When::before
                                                  ? "unheard"
                                                  : "answer_lost") +
                                  (given.param.second == Fault::Then::works ? "" : "_and_dead");
                         });

// Fifty renewals, each with a receipt of its own, end with one removal that finds its message.
using WorkerRenewals = WorkerFaults;
TEST_P(WorkerRenewals, keep_a_long_activitys_message_and_remove_it_once) {
  std::atomic<bool> go_on{false};
  Registry slow;
  slow.activity("work",
                [&](const Context&, const ActivityInfo&, std::string) {
                  while (!go_on) std::this_thread::yield();
                  return Result<std::string>("done");
                },
                {});
  begin(*write_activity_message(task()));
  storage::Faults counted({.call = ~0ULL});
  FailingStorage counting(*store, counted);
  ActivityWorkerOptions options;
  options.queue = kQueue;
  options.threads_count = 0;
  options.renew_every = 1ms;
  const auto one = *ActivityWorker::open(
      std::move(options), {.registry = slow, .storage = counting, .clock = clock, .log = log});
  std::jthread running([&] { EXPECT_TRUE(one->run_one(ctx).ok()); });
  while (counted.calls_count() < 110) std::this_thread::yield();  // Claim and message, 50 times.
  go_on = true;
  running.join();
  EXPECT_EQ(count(kQueue), 0u);
  EXPECT_EQ(count(kEvents), 1u);
}
INSTANTIATE_TEST_SUITE_P(Once, WorkerRenewals,
                         testing::Values(std::pair{Fault::When::before, Fault::Then::works}));

}  // namespace
}  // namespace cloudfolio::durable

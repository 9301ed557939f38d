// Orchestrator and workers that meet only in a store.

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "base/time_text.h"
#include "durable/queued/activity_claims.h"
#include "durable/queued/activity_results.h"
#include "durable/queued/testing/remote_activities.h"

namespace cloudfolio::durable {
namespace {

using namespace std::chrono_literals;

TEST_F(RemoteActivitiesTest, run_where_a_worker_is_and_their_results_come_back) {
  open();
  const auto worker = open_worker();
  start("it", "one", "this");
  EXPECT_EQ(outcome("one"), "Completed: did this");
  worker->stop();
  EXPECT_EQ(count_of(kQueue), 0u);
}

TEST_F(RemoteActivitiesTest, fail_with_the_code_of_their_error) {
  work([](const Context&, const ActivityInfo&, std::string) -> Result<std::string> {
    return Error(Code::quota_exceeded, "enough for today");
  });
  open();
  const auto worker = open_worker();
  start("it", "one", "this");
  EXPECT_EQ(outcome("one"), "Failed: quota_exceeded: enough for today");
}

TEST_F(RemoteActivitiesTest, carry_tenant_instance_and_trace) {
  std::string seen;
  work([&](const Context& context, const ActivityInfo& info, std::string) {
    seen = context.tenant().str() + " " + context.instance().str() + " " + info.name;
    return Result<std::string>("");
  });
  open();
  ctx = ctx.for_tenant(TenantId("octocat"));
  const auto worker = open_worker();
  start("it", "one", "this");
  EXPECT_EQ(outcome("one"), "Completed: ");
  EXPECT_EQ(seen, "octocat one work");
}

TEST_F(RemoteActivitiesTest, done_while_the_orchestrator_was_away_are_not_done_again) {
  std::atomic<int> runs{0};
  work([&](const Context&, const ActivityInfo&, std::string) {
    return Result<std::string>("run " + std::to_string(++runs));
  });
  open();
  start("it", "one", "this");
  wait_for_message();
  close();
  const auto worker = open_idle_worker();
  ASSERT_TRUE(*worker->run_one(ctx));
  open();
  EXPECT_EQ(outcome("one"), "Completed: run 1");
  // What the restarted orchestrator may have asked again is answered without a second run.
  while (*worker->run_one(ctx)) {
  }
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(count_of(kQueue), 0u);
}

TEST_F(RemoteActivitiesTest, interrupted_by_a_workers_stop_go_on_elsewhere_and_it_does_not_count) {
  std::atomic<int> runs{0};
  std::promise<void> begun;
  work([&](const Context& context, const ActivityInfo&, std::string) -> Result<std::string> {
    if (++runs > 1) return std::string("done");
    std::promise<void> stopped;
    const std::stop_callback on_stop(context.stop_token(), [&] { stopped.set_value(); });
    begun.set_value();
    stopped.get_future().wait();
    return Error(Code::cancelled, "stopped");
  });
  open();
  auto first = open_worker();
  start("it", "one", "this");
  begun.get_future().wait();
  first->stop();
  ActivityWorkerOptions strict;
  strict.starts_max = 1;
  const auto second = open_worker(strict);
  EXPECT_EQ(outcome("one"), "Completed: done");
  EXPECT_EQ(runs, 2);
}

TEST_F(RemoteActivitiesTest, of_a_worker_that_froze_are_fenced_off_by_the_one_that_took_over) {
  std::promise<void> begun;
  std::promise<void> thaw;
  std::atomic<int> runs{0};
  work([&](const Context&, const ActivityInfo&, std::string) -> Result<std::string> {
    if (++runs > 1) return std::string("second");
    begun.set_value();
    thaw.get_future().wait();
    return std::string("first");
  });
  open();
  ActivityWorkerOptions frozen;
  frozen.threads_count = 0;
  const auto first = open_worker(frozen);
  const auto second = open_idle_worker();
  start("it", "one", "this");
  wait_for_message();
  // The first renews by real time every 2 ms; frozen means that its store calls never come.
  Registry& shared = worker_registry;
  ActivityWorkerOptions slow;
  slow.queue = kQueue;
  slow.threads_count = 0;
  slow.renew_every = 1h;
  auto opened = ActivityWorker::open(
      slow, {.registry = shared, .storage = *storage, .clock = clock, .log = log});
  ASSERT_TRUE(opened.ok());
  auto running = std::async(std::launch::async, [&] { return (*opened)->run_one(ctx); });
  begun.get_future().wait();
  clock.advance(61s);
  ASSERT_TRUE(*second->run_one(ctx));
  EXPECT_EQ(outcome("one"), "Completed: second");
  thaw.set_value();
  EXPECT_TRUE(running.get().ok());
  const auto history = scheduler->history(ctx, InstanceId("one"));
  std::size_t completed_count = 0;
  for (const HistoryEvent& event : *history)
    completed_count += type_name(event.body) == "TaskCompleted";
  EXPECT_EQ(completed_count, 1u);
  // What the late one says is neither kept nor told, and it is asked nothing more.
  const auto kept = (*storage->blobs(kActivityResultContainer))->list(ctx, {});
  ASSERT_EQ(kept->entries.size(), 1u);
  const auto blob = (*storage->blobs(kActivityResultContainer))->get(ctx, kept->entries[0].key);
  EXPECT_EQ(blob->bytes, R"({"output":"second"})");
  EXPECT_EQ(count_of(kQueue), 0u);
  EXPECT_EQ(runs, 2);
}

TEST_F(RemoteActivitiesTest, that_kill_their_workers_five_times_are_given_up_and_told) {
  std::atomic<int> runs{0};
  work([&](const Context&, const ActivityInfo&, std::string) {
    ++runs;
    return Result<std::string>("");
  });
  open();
  start("it", "one", "this");
  wait_for_message();
  ActivityClaims claims(**storage->table(kClaimTable), clock);
  for (int death = 0; death < 5; ++death) {  // Each takes message and claim, and is gone.
    const auto received = queue().receive(ctx, {.max_count = 1, .visibility = 60s});
    ASSERT_EQ(received->size(), 1u) << death;
    const auto task = read_activity_message(received->front().message.body);
    ASSERT_TRUE(std::holds_alternative<Claim>(
        *claims.take(ctx, result_message_of(task->info), received->front().message.id, 60s)));
    clock.advance(61s);
  }
  const auto worker = open_idle_worker();
  ASSERT_TRUE(*worker->run_one(ctx));
  EXPECT_EQ(runs, 0);
  EXPECT_EQ(outcome("one"), "Failed: invalid_argument: activity 'work' ended its worker 5 times");
  EXPECT_EQ(count_of("work-far-poison"), 1u);
  EXPECT_EQ(count_of(kQueue), 0u);
}

TEST_F(RemoteActivitiesTest, nobody_waits_for_are_asked_to_stop_and_not_begun) {
  std::promise<void> begun;
  work([&](const Context& context, const ActivityInfo&, std::string) -> Result<std::string> {
    std::promise<void> stopped;
    const std::stop_callback on_stop(context.stop_token(), [&] { stopped.set_value(); });
    begun.set_value();
    stopped.get_future().wait();
    return Error(Code::cancelled, "stopped");
  });
  open();
  const auto worker = open_idle_worker();
  start("it", "one", "this");
  wait_for_message();
  auto running = std::async(std::launch::async, [&] { return worker->run_one(ctx); });
  begun.get_future().wait();
  ASSERT_TRUE(scheduler->terminate(ctx, InstanceId("one"), "no").ok());
  EXPECT_TRUE(running.get().ok());  // Ends only because the claim could not be renewed.
  EXPECT_EQ(count_of(kQueue), 0u);
}

TEST_F(RemoteActivitiesTest, nobody_waits_for_leave_no_message_where_no_worker_ever_comes) {
  open();
  start("it", "one", "this");
  wait_for_message();
  start("it", "two", "that");
  for (; count_of(kQueue) < 2u; std::this_thread::yield()) {
  }
  ASSERT_TRUE(scheduler->terminate(ctx, InstanceId("one"), "no").ok());
  for (; count_of(kQueue) > 1u; std::this_thread::yield()) {
  }
  const auto worker = open_worker();
  EXPECT_EQ(outcome("two"), "Completed: did that");
}

TEST_F(RemoteActivitiesTest, that_are_not_admitted_go_back_and_count_as_no_start) {
  open();
  int refusals = 7;  // More than a task may start.
  ActivityWorkerOptions asked;
  asked.put_back = 1s;
  asked.admit = [&](const ActivityInfo&) -> Status {
    if (refusals-- > 0) return Error(Code::conflict, "another worker works for this tenant");
    return Done{};
  };
  int over = 0;
  asked.on_over = [&](const ActivityInfo&) { ++over; };
  const auto worker = open_idle_worker(asked);
  start("it", "one", "this");
  wait_for_message();
  for (int look = 0; look < 8; ++look) {
    ASSERT_TRUE(worker->run_one(ctx).ok());
    clock.advance(2s);
  }
  EXPECT_EQ(outcome("one"), "Completed: did this");
  EXPECT_EQ(over, 1);
}

TEST_F(RemoteActivitiesTest, asked_for_twice_run_once) {
  std::atomic<int> runs{0};
  work([&](const Context&, const ActivityInfo&, std::string) {
    ++runs;
    return Result<std::string>("done");
  });
  open();
  start("it", "one", "this");
  wait_for_message();
  const auto messages = queue().peek(ctx, 1);
  ASSERT_TRUE(queue().send(ctx, messages->front().body, {}).ok());
  const auto worker = open_idle_worker();
  ASSERT_TRUE(*worker->run_one(ctx));
  ASSERT_TRUE(*worker->run_one(ctx));
  EXPECT_EQ(outcome("one"), "Completed: done");
  EXPECT_EQ(runs, 1);
}

TEST_F(RemoteActivitiesTest, in_a_message_that_is_replayed_after_their_end_are_put_aside) {
  std::atomic<int> runs{0};
  work([&](const Context&, const ActivityInfo&, std::string) {
    ++runs;
    return Result<std::string>("done");
  });
  open();
  const auto worker = open_idle_worker();
  start("it", "one", "this");
  wait_for_message();
  const std::string body = queue().peek(ctx, 1)->front().body;
  clock.advance(1h);
  ASSERT_TRUE(*worker->run_one(ctx));
  EXPECT_EQ(outcome("one"), "Completed: done");
  const auto done_at = clock.wall_time();
  clock.advance(60s);
  ASSERT_TRUE(queue().send(ctx, body, {}).ok());
  const auto replayed_at = clock.wall_time();
  clock.advance(24h);
  ASSERT_TRUE(*worker->run_one(ctx));
  EXPECT_EQ(reason_aside(), "replayed: written " + to_text(replayed_at) +
                                ", after its task had its result (" + to_text(done_at) + ")");
  EXPECT_EQ(count_of(kQueue), 0u);
  EXPECT_EQ(runs, 1);
}

// The worker kept the result and died before it removed the message; and a second message for the
// same asking, which a lost answer made, came with the first or a little after the result.
TEST_F(RemoteActivitiesTest, in_a_message_that_is_late_or_comes_again_are_dropped_as_done) {
  open();
  start("it", "one", "this");
  wait_for_message();
  const auto message = queue().peek(ctx, 1)->front();
  ASSERT_TRUE(queue().send(ctx, message.body, {}).ok());
  clock.advance(1h);
  ActivityResultStore results(**storage->blobs(kActivityResultContainer), clock);
  const auto task = read_activity_message(message.body);
  ASSERT_TRUE(results.keep(ctx, result_message_of(task->info), std::string("done")).ok());
  clock.advance(kSendLongest);
  ASSERT_TRUE(queue().send(ctx, message.body, {}).ok());
  clock.advance(24h);
  const auto worker = open_idle_worker();
  for (int look = 0; look < 3; ++look) ASSERT_TRUE(*worker->run_one(ctx));
  EXPECT_EQ(outcome("one"), "Completed: done");
  EXPECT_EQ(count_of(kQueue), 0u);
  EXPECT_EQ(count_of("work-far-poison"), 0u);
}

TEST_F(RemoteActivitiesTest, that_hang_lose_their_claim_and_are_retried) {
  std::promise<void> begun;
  std::atomic<int> runs{0};
  work([&](const Context& context, const ActivityInfo&, std::string) -> Result<std::string> {
    if (++runs > 1) return std::string("done");
    std::promise<void> stopped;
    const std::stop_callback on_stop(context.stop_token(), [&] { stopped.set_value(); });
    begun.set_value();
    stopped.get_future().wait();  // Renewing alone must not keep it alive.
    return Error(Code::cancelled, "stopped");
  });
  open();
  ActivityWorkerOptions watched;
  watched.progress_limit = 30s;
  const auto worker = open_idle_worker(watched);
  start("it", "one", "this");
  wait_for_message();
  auto running = std::async(std::launch::async, [&] { return worker->run_one(ctx); });
  begun.get_future().wait();
  clock.advance(31s);
  EXPECT_TRUE(running.get().ok());
  clock.advance(61s);
  ASSERT_TRUE(*worker->run_one(ctx));
  EXPECT_EQ(outcome("one"), "Completed: done");
}

TEST_F(RemoteActivitiesTest, in_a_message_that_cannot_be_read_are_put_aside_with_the_reason) {
  ASSERT_TRUE(queue().send(ctx, "{\"v\":7}", {}).ok());
  const auto worker = open_idle_worker();
  ASSERT_TRUE(*worker->run_one(ctx));
  const auto aside = queue("work-far-poison").peek(ctx, 2);
  ASSERT_EQ(aside->size(), 1u);
  const auto note = json::parse_object(aside->front().body);
  EXPECT_EQ(json::find_string(*note, "reason"),
            "the message has version 7 and this program reads 1");
  EXPECT_EQ(json::find_string(*note, "body"), "{\"v\":7}");
  EXPECT_EQ(count_of(kQueue), 0u);
}

TEST_F(RemoteActivitiesTest, leave_results_that_are_forgotten_after_eight_days) {
  open();
  const auto worker = open_worker();
  start("it", "one", "this");
  EXPECT_EQ(outcome("one"), "Completed: did this");
  worker->stop();
  ActivityResultStore results(**storage->blobs(kActivityResultContainer), clock);
  ActivityClaims claims(**storage->table(kClaimTable), clock);
  const auto kept = [&] {
    return (*storage->blobs(kActivityResultContainer))->list(ctx, {})->entries.size() +
           (*storage->table(kClaimTable))->query(ctx, {})->entities.size();
  };
  ASSERT_TRUE(results.sweep(ctx, "").ok());
  ASSERT_TRUE(claims.sweep(ctx, "").ok());
  EXPECT_EQ(kept(), 2u);
  clock.advance(kResultKeptFor + 1h);
  ASSERT_TRUE(results.sweep(ctx, "").ok());
  ASSERT_TRUE(claims.sweep(ctx, "").ok());
  EXPECT_EQ(kept(), 0u);
}

}  // namespace
}  // namespace cloudfolio::durable

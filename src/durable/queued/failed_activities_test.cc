// Activities that fail, whose messages get lost, or that nobody does.

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "base/random.h"
#include "durable/queued/activity_message.h"
#include "durable/queued/testing/remote_activities.h"

namespace cloudfolio::durable {
namespace {

using namespace std::chrono_literals;

TEST_F(RemoteActivitiesTest, that_fail_five_times_are_put_aside_with_the_last_reason_and_told) {
  int runs = 0;
  work([&](const Context&, const ActivityInfo&, std::string) -> Result<std::string> {
    return Error(Code::unavailable, "no memory, run " + std::to_string(++runs));
  });
  open();
  ActivityWorkerOptions patient;
  patient.retry_after = 2s;
  std::vector<std::int64_t> told;
  patient.on_retry = [&](const ActivityInfo&, const Error&, std::int64_t start) {
    told.push_back(start);
  };
  const auto worker = open_idle_worker(patient);
  start("it", "one", "this");
  wait_for_message();
  for (int look = 0; look < 40; ++look, clock.advance(1s)) ASSERT_TRUE(worker->run_one(ctx).ok());
  const std::string reason = "activity 'work' failed 5 times, at last: no memory, run 5";
  EXPECT_EQ(outcome("one"), "Failed: invalid_argument: " + reason);
  EXPECT_EQ(reason_aside(), reason);
  EXPECT_EQ(runs, 5);
  EXPECT_EQ(told, (std::vector<std::int64_t>{1, 2, 3, 4}));
  EXPECT_EQ(count_of(kQueue), 0u);
}

TEST_F(RemoteActivitiesTest, whose_claim_check_opens_nothing_are_put_aside_at_once) {
  int runs = 0;
  work([&](const Context&, const ActivityInfo&, std::string) -> Result<std::string> {
    ++runs;
    return Error(Code::not_found, "the bundle is gone");
  });
  open();
  ActivityWorkerOptions patient;
  patient.retry_after = 2s;
  const auto worker = open_idle_worker(patient);
  start("it", "one", "this");
  wait_for_message();
  ASSERT_TRUE(*worker->run_one(ctx));
  EXPECT_EQ(outcome("one"), "Failed: not_found: the bundle is gone");
  EXPECT_EQ(reason_aside(), "the bundle is gone");
  EXPECT_EQ(runs, 1);
}

TEST_F(RemoteActivitiesTest, whose_message_got_lost_are_asked_for_again_after_half_an_hour) {
  open();
  start("it", "one", "this");
  wait_for_message();
  ASSERT_TRUE(queue().clear(ctx).ok());
  clock.advance(29min);
  EXPECT_EQ(count_of(kQueue), 0u);
  clock.advance(2min);
  for (; count_of(kQueue) == 0; std::this_thread::yield()) {
  }
  const auto worker = open_worker();
  EXPECT_EQ(outcome("one"), "Completed: did this");
}

TEST_F(RemoteActivitiesTest, asked_for_again_while_they_wait_run_once_and_leave_no_message) {
  std::atomic<int> runs{0};
  work([&](const Context&, const ActivityInfo&, std::string) {
    return Result<std::string>("run " + std::to_string(++runs));
  });
  open();
  start("it", "one", "this");
  wait_for_message();
  clock.advance(31min);
  for (; count_of(kQueue) < 2; std::this_thread::yield()) {
  }
  const auto worker = open_idle_worker();
  ASSERT_TRUE(*worker->run_one(ctx));
  EXPECT_EQ(outcome("one"), "Completed: run 1");
  for (; count_of(kQueue) > 0; std::this_thread::yield()) {  // Without any worker.
  }
  EXPECT_EQ(runs, 1);
}

TEST_F(RemoteActivitiesTest, that_nobody_will_do_are_told_so_and_their_message_is_put_aside) {
  open();
  start("it", "one", "this");
  start("it", "two", "that");
  for (; count_of(kQueue) < 2; std::this_thread::yield()) {
  }
  sending->give_up("one", Error(Code::invalid_argument, "no worker starts"));
  EXPECT_EQ(outcome("one"), "Failed: invalid_argument: no worker starts");
  for (; count_of(kQueue) > 1; std::this_thread::yield()) {
  }
  EXPECT_EQ(reason_aside(), "no worker starts");
  const auto worker = open_worker();
  EXPECT_EQ(outcome("two"), "Completed: did that");
}

TEST_F(RemoteActivitiesTest, in_damaged_messages_are_put_aside_and_keep_no_worker_from_the_next) {
  const std::uint64_t seed = Random::from_system().next();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random chance(seed);
  ActivityTask task;
  task.info.name = "work";
  task.info.instance_id = "one";
  task.info.execution_id = "5be1";
  task.info.tags = {{"tenant", "octocat"}};
  task.input = "this";
  std::set<std::string> unreadable;
  for (int number = 0; number < 300; ++number) {
    task.info.task_id = number;
    std::string body = *write_activity_message(task);
    // Also in what places are named by.
    for (int damage = 0; damage < 2; ++damage)
      body[chance.below(body.size())] = static_cast<char>(chance.below(128));
    if (!queue().send(ctx, body, {}).ok()) continue;  // No queue takes such bytes.
    if (!read_activity_message(body)) unreadable.insert(body);
  }
  ASSERT_GT(unreadable.size(), 0u);
  const auto worker = open_idle_worker();
  for (bool more = true; more;) {
    const auto ran = worker->run_one(ctx);
    ASSERT_TRUE(ran.ok()) << ran.error().message();
    more = *ran;
  }
  EXPECT_EQ(count_of(kQueue), 0u);
  EXPECT_GE(count_of("work-far-poison"), unreadable.size());
}

TEST_F(RemoteActivitiesTest, of_an_execution_that_names_no_place_are_put_aside_with_the_reason) {
  const auto worker = open_idle_worker();
  std::size_t aside = 0;
  for (const std::string& execution :
       {std::string(2'000, 'x'), std::string("a\x01"), std::string("a/b")}) {
    ActivityTask task;
    task.info.name = "work";
    task.info.instance_id = "one";
    task.info.execution_id = execution;
    ASSERT_TRUE(queue().send(ctx, *write_activity_message(task), {}).ok());
    const auto ran = worker->run_one(ctx);
    ASSERT_TRUE(ran.ok()) << ran.error().message();
    EXPECT_EQ(count_of(kQueue), 0u);
    EXPECT_EQ(count_of("work-far-poison"), ++aside);
  }
}

}  // namespace
}  // namespace cloudfolio::durable

#include "runtime/task_group.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "base/guarded.h"

namespace cloudfolio::runtime {
namespace {

class TaskGroupTest : public testing::Test {
 protected:
  // A job that ends only when it is asked to.
  static Status until_stopped(std::stop_token stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait(lock, stop, [] { return false; });
    return Error(Code::cancelled, "stopped");
  }
  std::string errors() {
    auto told = told_.lock();
    return *told;
  }

  Guarded<std::string> told_;
  TaskGroup group{[this](std::string_view job, const Error& error) {
    auto told = told_.lock();
    *told += std::string(job) + ": " + error.message() + "\n";
  }};
};

TEST_F(TaskGroupTest, closing_stops_jobs_and_waits_for_them) {
  ASSERT_TRUE(group.start("one", until_stopped));
  ASSERT_TRUE(group.start("two", until_stopped));
  EXPECT_EQ(group.running_count(), 2u);
  group.close();
  EXPECT_EQ(group.running_count(), 0u);
  EXPECT_EQ(errors(), "");
  EXPECT_EQ(group.start("late", until_stopped).error().code(), Code::unavailable);
}

TEST_F(TaskGroupTest, a_failed_job_is_told_and_the_others_go_on) {
  ASSERT_TRUE(group.start("steady", until_stopped));
  ASSERT_TRUE(group.start(
      "failing", [](std::stop_token) -> Status { return Error(Code::unavailable, "no network"); }));
  while (group.running_count() > 1) std::this_thread::yield();
  EXPECT_EQ(errors(), "failing: no network\n");
  ASSERT_TRUE(group.start("throwing",
                          [](std::stop_token) -> Status { throw std::runtime_error("thrown"); }));
  while (group.running_count() > 1) std::this_thread::yield();
  EXPECT_EQ(errors(), "failing: no network\nthrowing: thrown\n");
}

TEST_F(TaskGroupTest, waiting_asks_nobody_to_stop) {
  bool ended = false;
  ASSERT_TRUE(group.start("short", [&](std::stop_token stop) -> Status {
    ended = !stop.stop_requested();
    return Done{};
  }));
  group.wait();
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace cloudfolio::runtime

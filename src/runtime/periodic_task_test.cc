#include "runtime/periodic_task.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

namespace cloudfolio::runtime {
namespace {

using namespace std::chrono_literals;

class PeriodicTest : public testing::Test {
 protected:
  void ran_once() {
    const std::lock_guard lock(mutex);
    ++runs;
    changed.notify_all();
  }
  void wait_for_runs(int wanted) {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, 30s, [&] { return runs >= wanted; }));
    EXPECT_EQ(runs, wanted);
  }
  int runs_now() {
    const std::lock_guard lock(mutex);
    return runs;
  }

  ManualClock clock;
  std::mutex mutex;
  std::condition_variable changed;
  int runs = 0;
};

TEST_F(PeriodicTest, runs_once_an_interval_by_its_clock) {
  PeriodicTask task({.name = "tested", .every = 1h, .first = First::now}, clock,
                    [&](std::stop_token) { ran_once(); });
  wait_for_runs(1);
  task.poke();  // Nothing is due.
  clock.advance(59min);
  task.poke();
  EXPECT_EQ(runs_now(), 1);
  clock.advance(1min);
  task.poke();
  wait_for_runs(2);
}

TEST_F(PeriodicTest, the_first_interval_counts_from_the_construction) {
  PeriodicTask task({.name = "tested", .every = 1h}, clock, [&](std::stop_token) { ran_once(); });
  clock.advance(1h);
  task.poke();
  wait_for_runs(1);
}

TEST_F(PeriodicTest, runs_at_once_when_asked) {
  PeriodicTask task({.name = "tested", .every = 1h}, clock, [&](std::stop_token) { ran_once(); });
  EXPECT_EQ(runs_now(), 0);
  task.run_now();
  wait_for_runs(1);
}

TEST_F(PeriodicTest, destroying_it_stops_running_work) {
  bool stopped = false;
  {
    PeriodicTask task({.name = "tested", .every = 1h, .first = First::now}, clock,
                      [&](std::stop_token stop) {
                        ran_once();
                        std::mutex own;
                        std::condition_variable_any never;
                        std::unique_lock lock(own);
                        never.wait(lock, stop, [] { return false; });
                        stopped = stop.stop_requested();
                      });
    wait_for_runs(1);
  }
  EXPECT_TRUE(stopped);
}

}  // namespace
}  // namespace cloudfolio::runtime

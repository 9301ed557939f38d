#include "runtime/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

namespace cloudfolio::runtime {
namespace {

using namespace std::chrono_literals;

class PoolTest : public testing::Test {
 protected:
  // Occupies the pool's one thread until let_go().
  void occupy() {
    ASSERT_TRUE(pool.submit({}, Work([this] {
                              occupied.count_down();
                              gate.wait();
                            }),
                            WhenFull::refuse));
    occupied.wait();
  }
  void let_go() { gate.count_down(); }
  Status submit(WhenFull when_full, const Context& ctx = {}) {
    return pool.submit(
        ctx, [this] { ++ran; }, when_full);
  }

  std::latch occupied{1};
  std::latch gate{1};
  std::atomic<int> ran{0};
  ThreadPool pool{{.name = "tested", .threads_count = 1, .queued_max = 2}};
};

TEST_F(PoolTest, a_full_pool_refuses_at_once) {
  occupy();
  ASSERT_TRUE(submit(WhenFull::refuse));
  ASSERT_TRUE(submit(WhenFull::refuse));
  const Status refused = submit(WhenFull::refuse);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Error(Code::unavailable, "pool 'tested' is full: 2 waiting"));
  let_go();
  pool.close();
  EXPECT_EQ(ran, 2);
}

TEST_F(PoolTest, a_waiting_submit_goes_on_when_there_is_room) {
  occupy();
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(submit(WhenFull::wait));
  std::jthread releaser([this] { let_go(); });
  EXPECT_TRUE(submit(WhenFull::wait));
  pool.close();
  EXPECT_EQ(ran, 3);
}

TEST_F(PoolTest, a_waiting_submit_ends_at_its_deadline_or_stop) {
  occupy();
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(submit(WhenFull::wait));
  const auto soon = std::chrono::steady_clock::now() + 20ms;
  EXPECT_EQ(submit(WhenFull::wait, Context(TenantId(), soon)).error().code(),
            Code::deadline_exceeded);
  std::stop_source stop;
  stop.request_stop();
  const Context stopped(TenantId(), Clock::Instant::max(), stop.get_token());
  EXPECT_EQ(submit(WhenFull::wait, stopped).error().code(), Code::cancelled);
  let_go();
}

TEST_F(PoolTest, what_was_accepted_runs_and_nothing_is_accepted_after_closing) {
  occupy();
  ASSERT_TRUE(submit(WhenFull::refuse));
  std::jthread closer([this] { pool.close(); });
  let_go();
  closer.join();
  EXPECT_EQ(submit(WhenFull::refuse).error().message(), "pool 'tested' is closed");
  EXPECT_EQ(submit(WhenFull::wait).error().message(), "pool 'tested' is closed");
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(pool.running_count(), 0u);
}

TEST(ThreadPool, runs_everything_once_on_several_threads) {
  std::atomic<int> sum{0};
  {
    ThreadPool pool({.name = "many", .threads_count = 4, .queued_max = 8});
    for (int i = 1; i <= 1000; ++i)
      ASSERT_TRUE(pool.submit(
          {}, [&sum, i] { sum += i; }, WhenFull::wait));
  }
  EXPECT_EQ(sum, 500'500);
}

TEST(ThreadPool, work_may_own_what_cannot_be_copied) {
  int got = 0;
  {
    ThreadPool pool({.name = "owner"});
    auto owned = std::make_unique<int>(7);
    ASSERT_TRUE(pool.submit(
        {}, [&got, owned = std::move(owned)] { got = *owned; }, WhenFull::wait));
  }
  EXPECT_EQ(got, 7);
}

}  // namespace
}  // namespace cloudfolio::runtime

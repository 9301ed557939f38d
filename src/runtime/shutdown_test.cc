#include "runtime/shutdown.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace cloudfolio::runtime {
namespace {

using namespace std::chrono_literals;

TEST(Shutdown, a_signal_requests_it) {
  auto shutdown = Shutdown::open();
  ASSERT_TRUE(shutdown);
  EXPECT_FALSE((*shutdown)->token().stop_requested());
  EXPECT_FALSE((*shutdown)->wait_for(1ms));
  ASSERT_EQ(kill(getpid(), SIGTERM), 0);
  EXPECT_EQ((*shutdown)->wait(), "SIGTERM");
  EXPECT_TRUE((*shutdown)->token().stop_requested());
}

TEST(Shutdown, code_may_request_it_and_the_first_reason_counts) {
  auto shutdown = Shutdown::open();
  ASSERT_TRUE(shutdown);
  bool told = false;
  const std::stop_callback tell((*shutdown)->token(), [&] { told = true; });
  (*shutdown)->request("a listener failed");
  (*shutdown)->request("later");
  EXPECT_TRUE((*shutdown)->wait_for(1ms));
  EXPECT_EQ((*shutdown)->wait(), "a listener failed");
  EXPECT_TRUE(told);
}

TEST(Shutdown, only_one_is_open_and_the_signals_are_given_back) {
  {
    auto first = Shutdown::open();
    ASSERT_TRUE(first);
    const auto second = Shutdown::open();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), Code::conflict);
  }
  sigset_t blocked;
  pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  EXPECT_FALSE(sigismember(&blocked, SIGTERM));
  EXPECT_TRUE(Shutdown::open());
}

TEST(ShutdownDeathTest, a_second_signal_ends_the_process_at_once) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        auto shutdown = Shutdown::open();
        kill(getpid(), SIGINT);
        (*shutdown)->wait();
        kill(getpid(), SIGINT);
        while (true) pause();
      },
      testing::ExitedWithCode(128 + SIGINT), "");
}

}  // namespace
}  // namespace cloudfolio::runtime

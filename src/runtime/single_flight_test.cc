#include "runtime/single_flight.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <string>
#include <thread>
#include <vector>

namespace cloudfolio::runtime {
namespace {

using namespace std::chrono_literals;

TEST(SingleFlight, callers_who_come_meanwhile_get_the_first_ones_result) {
  SingleFlight<std::string, int> flights;
  std::latch started{1};
  std::latch gate{1};
  std::atomic<int> made{0};
  const auto make = [&]() -> Result<int> {
    ++made;
    started.count_down();
    gate.wait();
    return 7;
  };
  std::jthread first([&] { EXPECT_EQ(*flights.get({}, "model", make), 7); });
  started.wait();
  const Context impatient(TenantId(), std::chrono::steady_clock::now() + 10ms);
  EXPECT_EQ(flights.get(impatient, "model", make).error().code(), Code::deadline_exceeded);
  std::stop_source stop;
  stop.request_stop();
  const Context stopped(TenantId(), Clock::Instant::max(), stop.get_token());
  EXPECT_EQ(flights.get(stopped, "model", make).error().code(), Code::cancelled);
  EXPECT_EQ(*flights.get({}, "another", []() -> Result<int> { return 8; }), 8);
  gate.count_down();
  first.join();
  EXPECT_EQ(made, 1);
}

TEST(SingleFlight, nothing_is_kept_after_the_flight) {
  SingleFlight<int, int> flights;
  EXPECT_EQ(flights.get({}, 1, []() -> Result<int> { return Error(Code::unavailable, "x"); })
                .error()
                .code(),
            Code::unavailable);
  EXPECT_EQ(*flights.get({}, 1, []() -> Result<int> { return 2; }), 2);
}

TEST(SingleFlight, many_threads_never_make_the_same_thing_at_once) {
  SingleFlight<int, int> flights;
  std::atomic<int> making{0};
  std::atomic<bool> overlapped{false};
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i)
        EXPECT_TRUE(flights.get({}, 1, [&]() -> Result<int> {
          if (++making > 1) overlapped = true;
          std::this_thread::yield();
          --making;
          return i;
        }));
    });
  threads.clear();
  EXPECT_FALSE(overlapped);
}

}  // namespace
}  // namespace cloudfolio::runtime

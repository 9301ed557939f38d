#include <atomic>
#include <thread>

#include "storage/testing/conformance.h"

namespace cloudfolio::storage {

void link_lease_conformance() {}

namespace {

using namespace std::chrono_literals;

TEST_P(LeaseConformance, one_holder_at_a_time) {
  const auto first = leases.acquire(ctx, "trainer", 15s);
  ASSERT_TRUE(first) << first.error().message();
  EXPECT_EQ(leases.acquire(ctx, "trainer", 15s).error().code(), Code::conflict);
  ASSERT_TRUE(leases.acquire(ctx, "another name", 15s));
  ASSERT_TRUE(leases.release(ctx, *first));
  EXPECT_TRUE(leases.acquire(ctx, "trainer", 15s));
}

TEST_P(LeaseConformance, epochs_grow_by_one_with_every_holder) {
  for (std::uint64_t epoch = 1; epoch <= 3; ++epoch) {
    const auto lease = leases.acquire(ctx, "trainer", 15s);
    ASSERT_TRUE(lease);
    EXPECT_EQ(lease->epoch, epoch);
    ASSERT_TRUE(leases.release(ctx, *lease));
  }
}

TEST_P(LeaseConformance, a_lease_ends_by_itself_and_its_old_holder_learns) {
  auto old = leases.acquire(ctx, "trainer", 15s);
  ASSERT_TRUE(old);
  EXPECT_LE(old->ends, clock().now() + 15s);
  pass(16s);
  const auto next = leases.acquire(ctx, "trainer", 15s);
  ASSERT_TRUE(next);
  EXPECT_GT(next->epoch, old->epoch);
  EXPECT_EQ(leases.renew(ctx, *old).error().code(), Code::conflict);
  EXPECT_EQ(leases.release(ctx, *old).error().code(), Code::conflict);
}

TEST_P(LeaseConformance, renewing_keeps_it) {
  auto lease = leases.acquire(ctx, "trainer", 15s);
  ASSERT_TRUE(lease);
  for (int i = 0; i < 2; ++i) {
    pass(10s);
    const auto before = lease->ends;
    ASSERT_TRUE(leases.renew(ctx, *lease));
    EXPECT_GT(lease->ends, before);
    EXPECT_EQ(leases.acquire(ctx, "trainer", 15s).error().code(), Code::conflict);
  }
}

TEST_P(LeaseConformance, an_operator_can_break_it) {
  ASSERT_TRUE(leases.break_lease(ctx, "never held"));
  auto lease = leases.acquire(ctx, "trainer", 60s);
  ASSERT_TRUE(lease);
  ASSERT_TRUE(leases.break_lease(ctx, "trainer"));
  EXPECT_EQ(leases.renew(ctx, *lease).error().code(), Code::conflict);
  const auto next = leases.acquire(ctx, "trainer", 15s);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->epoch, lease->epoch + 1);
}

TEST_P(LeaseConformance, of_many_at_once_one_gets_it) {
  std::atomic<int> won = 0, conflicts = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      const auto lease = leases.acquire(ctx, "trainer", 60s);
      if (lease)
        ++won;
      else if (lease.error().code() == Code::conflict)
        ++conflicts;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(conflicts, 7);
}

TEST_P(LeaseConformance, a_bad_length_or_name_is_refused) {
  EXPECT_EQ(leases.acquire(ctx, "trainer", 1s).error().code(), Code::invalid_argument);
  EXPECT_EQ(leases.acquire(ctx, "", 15s).error().code(), Code::invalid_argument);
}

}  // namespace

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LeaseConformance);

}  // namespace cloudfolio::storage

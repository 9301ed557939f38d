// Seeded worlds: around the idle deadline, and over many cycles under faults.

#include <gtest/gtest.h>

#include "capacity/testing/scenarios.h"

namespace cloudfolio::capacity::simulated {
namespace {

// `bench/services` runs 10,000 and 1,000.
#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kInterleavings = 60;
#else
constexpr std::uint64_t kInterleavings = 300;
#endif
constexpr std::size_t kCycles = 100;

TEST(Simulation, work_that_comes_around_the_idle_deadline_is_done_once_by_a_worker_that_stays) {
  IdleDeadlineOutcome sum;
  for (std::uint64_t seed = 1; seed <= kInterleavings; ++seed) {
    const IdleDeadlineOutcome one = around_the_idle_deadline(seed);
    ASSERT_EQ(one.duplicate_starts, 0u) << "seed " << seed;
    ASSERT_EQ(one.lost, 0u) << "seed " << seed;
    ASSERT_EQ(one.killed_at_work, 0u) << "seed " << seed;
    sum.new_workers += one.new_workers;
    sum.old_workers += one.old_workers;
  }
  // Both sides of the race are seen: the old worker takes it, or a new generation does.
  EXPECT_GT(sum.new_workers, kInterleavings / 20);
  EXPECT_GT(sum.old_workers, kInterleavings / 20);
}

TEST(Simulation, a_thousand_cycles_under_faults_leave_no_group_behind) {
  const ChaosOutcome outcome = cycles_under_faults(42, kCycles);
  EXPECT_EQ(outcome.orphans, 0u);
  EXPECT_EQ(outcome.not_done, 0u);
  EXPECT_EQ(outcome.killed_at_work, 0u);
  EXPECT_GT(outcome.kills, kCycles / 20);
  EXPECT_GE(outcome.creations, kCycles);
}

TEST(Simulation, nobody_is_idle_for_longer_than_the_limit_and_a_minute) {
  EXPECT_EQ(idle_container_groups_after(std::chrono::seconds(660), 7), 0u);
  EXPECT_EQ(idle_processes_after(std::chrono::seconds(660), 7), 0u);
}

}  // namespace
}  // namespace cloudfolio::capacity::simulated

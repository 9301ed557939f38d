// Seeded worlds: around the idle deadline, and over many cycles under faults.

#include <gtest/gtest.h>

#include "capacity/testing/scenarios.h"

namespace cloudfolio::capacity::simulated {
namespace {

// `bench/services` runs 10,000 and 1,000.
#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kInterleavings = 30;
constexpr std::uint64_t kKills = 100;
constexpr std::uint64_t kCounts = 4;
constexpr std::size_t kCycles = 30;
#else
constexpr std::uint64_t kInterleavings = 150;
constexpr std::uint64_t kKills = 1'000;
constexpr std::uint64_t kCounts = 25;
constexpr std::size_t kCycles = 100;
#endif

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

TEST(Simulation, a_kill_at_every_step_of_a_life_leaves_no_group_and_loses_no_second) {
  const std::size_t steps = killed_at(1, 0).operations;
  ASSERT_GT(steps, 40u);
  std::size_t kills = 0;
  double billed = 0;
  double told = 0;
  for (std::uint64_t seed = 1; seed <= kKills; ++seed) {
    const std::size_t step = 1 + seed % steps;
    SCOPED_TRACE("seed " + std::to_string(seed) + ", killed at operation " + std::to_string(step));
    const KillOutcome one = killed_at(seed, step);
    kills += one.kills;
    ASSERT_EQ(one.orphans, 0u);
    ASSERT_EQ(one.not_done, 0u);
    ASSERT_EQ(one.killed_at_work, 0u);
    ASSERT_EQ(one.duplicate_runs, 0u);
    // Each group has one usage, without gap or overlap.
    ASSERT_LE(one.creations, 2u);
    ASSERT_EQ(one.bill.size(), one.creations);
    ASSERT_EQ(one.usages.size(), one.creations);
    for (const BilledGroup& group : one.bill) billed += group.seconds;
    for (const WorkerUsage& usage : one.usages) {
      WallTime at = usage.parts.front().from;
      for (const UsagePart& part : usage.parts) {
        ASSERT_EQ(part.from, at);
        at = part.to;
      }
      told += std::chrono::duration<double>(at - usage.parts.front().from).count();
    }
  }
  EXPECT_GT(kills, kKills * 9 / 10);
  EXPECT_NEAR(told / billed, 1, 0.01) << told << " s told of " << billed;
}

TEST(Simulation, work_that_is_told_late_and_wrongly_is_done_once_by_no_more_than_the_maximum) {
  for (std::uint64_t seed = 1; seed <= kCounts; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const WrongCountOutcome one = under_wrong_counts(seed);
    ASSERT_LE(one.most_groups, 4u);
    ASSERT_EQ(one.left, 0u);
    ASSERT_EQ(one.duplicate_runs, 0u);
    ASSERT_EQ(one.killed_at_work, 0u);
  }
}

TEST(Simulation, work_that_is_no_longer_there_when_it_is_told_costs_one_worker_at_most) {
  std::size_t creations = 0;
  for (std::uint64_t seed = 1; seed <= kCounts; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const WrongCountOutcome one = after_the_work_was_cancelled(seed);
    creations += one.creations;
    ASSERT_LE(one.creations, 1u);
    ASSERT_EQ(one.left, 0u);
    ASSERT_EQ(one.duplicate_runs, 0u);
  }
  EXPECT_GT(creations, 0u);
}

TEST(Simulation, nobody_is_idle_for_longer_than_the_limit_and_a_minute) {
  EXPECT_EQ(idle_container_groups_after(std::chrono::seconds(660), 7), 0u);
  EXPECT_EQ(idle_processes_after(std::chrono::seconds(660), 7), 0u);
}

}  // namespace
}  // namespace cloudfolio::capacity::simulated

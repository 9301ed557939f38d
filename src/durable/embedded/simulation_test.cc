// Whole lives of random orchestrations under crashes and a disk that refuses, one seed after the
// other.

#include <gtest/gtest.h>

#include "durable/embedded/testing/simulation.h"
#include "durable/testing/kitchen_sink.h"

namespace cloudfolio::durable {
namespace {

using testing::Simulation;
using testing::SinkInput;

class SimulationTest : public ::testing::Test {
 protected:
  SimulationTest() { testing::register_sink(registry); }
  static std::string sum_of(std::uint64_t seed) {
    return std::to_string(testing::expected_sum(SinkInput{seed}));
  }
  Registry registry;
};

TEST_F(SimulationTest, an_undisturbed_run_gives_the_sum_and_a_sound_history) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Simulation simulation(registry, seed);
    simulation.options.compares_live_and_cold = true;
    simulation.start("it", "sink", SinkInput{seed}.text());
    ASSERT_EQ(simulation.finish("it"), sum_of(seed));
    simulation.check_histories();
  }
}

TEST_F(SimulationTest, crashes_between_commits_change_nothing) {
  int crashes_count = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Simulation simulation(registry, seed);
    simulation.crash_one_in = 3;
    simulation.start("it", "sink", SinkInput{seed}.text());
    ASSERT_EQ(simulation.finish("it"), sum_of(seed));
    simulation.check_histories();
    crashes_count += simulation.crashes_count;
  }
  EXPECT_GT(crashes_count, 100);
}

TEST_F(SimulationTest, a_disk_that_refuses_now_and_then_changes_nothing) {
  int refusals_count = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Simulation simulation(registry, seed);
    simulation.options.live_bytes_max = seed % 2 == 0 ? 1 : kMiB;
    simulation.refuse_one_in = 25;
    simulation.crash_one_in = 20;
    simulation.start("it", "sink", SinkInput{seed}.text());
    ASSERT_EQ(simulation.finish("it"), sum_of(seed));
    simulation.check_histories();
    refusals_count += simulation.refusals_count;
  }
  EXPECT_GT(refusals_count, 100);
}

// Habit 32: the n-th write or commit fails, for every n until the run gets through without.
TEST_F(SimulationTest, whichever_single_write_fails_the_run_ends_the_same) {
  constexpr std::uint64_t kSeed = 11;
  std::int64_t step = 1;
  for (;; ++step) {
    SCOPED_TRACE("operation " + std::to_string(step));
    Simulation simulation(registry, kSeed);
    simulation.refuse_operation = simulation.operations_count + step;
    simulation.start("it", "sink", SinkInput{kSeed}.text());
    ASSERT_EQ(simulation.finish("it"), sum_of(kSeed));
    simulation.check_histories();
    if (simulation.refusals_count == 0) break;
    ASSERT_EQ(simulation.refusals_count, 1);
  }
  EXPECT_GT(step, 50);
}

TEST_F(SimulationTest, many_instances_share_commits_and_never_mix) {
  Simulation simulation(registry, 5);
  simulation.options.turns_per_commit_count_max = 7;
  simulation.crash_one_in = 10;
  simulation.refuse_one_in = 400;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    simulation.start("it" + std::to_string(seed), "sink", SinkInput{seed}.text());
  }
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    EXPECT_EQ(simulation.finish("it" + std::to_string(seed)), sum_of(seed)) << "seed " << seed;
  }
  simulation.check_histories();
}

}  // namespace
}  // namespace cloudfolio::durable

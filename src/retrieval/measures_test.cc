#include "retrieval/measures.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace cloudfolio::retrieval {
namespace {

TEST(measures, ndcg_is_one_for_the_best_order_and_less_for_others) {
  const std::vector<double> gains = {3, 2, 0, 1};
  const std::vector<double> best = {3, 2, 1, 0};
  EXPECT_DOUBLE_EQ(ndcg_at(10, best, gains), 1.0);
  EXPECT_LT(ndcg_at(10, gains, gains), 1.0);
  EXPECT_DOUBLE_EQ(ndcg_at(10, std::vector<double>{0, 0}, std::vector<double>{0, 0}), 0.0);
}

TEST(measures, ndcg_of_one_relevant_document_follows_its_rank) {
  EXPECT_DOUBLE_EQ(ndcg_at(10, 1), 1.0);
  EXPECT_DOUBLE_EQ(ndcg_at(10, 2), 1.0 / std::log2(3.0));
  EXPECT_DOUBLE_EQ(ndcg_at(10, 11), 0.0);
  EXPECT_DOUBLE_EQ(ndcg_at(10, 0), 0.0);
}

TEST(measures, a_constant_score_earns_the_last_rank) {
  const std::vector<float> scores = {1, 1, 1};
  EXPECT_EQ(rank_of(0, scores), 3U);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(rank_of(0, std::vector<float>{nan, 0.5F}), 2U);
  EXPECT_EQ(rank_of(1, std::vector<float>{0.1F, 0.5F}), 1U);
}

TEST(bootstrap, a_clear_win_has_a_bound_above_zero_and_noise_has_not) {
  std::vector<double> win(32, 0.1);
  win[3] = -0.2;
  EXPECT_GT(paired_bootstrap(win, 0.8, Random(7)).lower, 0.0);
  std::vector<double> noise;
  for (int i = 0; i < 32; ++i) noise.push_back(i % 2 == 0 ? 0.3 : -0.3);
  EXPECT_LT(paired_bootstrap(noise, 0.8, Random(7)).lower, 0.0);
  EXPECT_EQ(paired_bootstrap({}, 0.8, Random(7)).lower, 0.0);
}

TEST(bootstrap, the_same_seed_gives_the_same_bound) {
  const std::vector<double> differences = {0.1, -0.2, 0.3, 0.05, 0.2};
  EXPECT_EQ(paired_bootstrap(differences, 0.8, Random(42)).lower,
            paired_bootstrap(differences, 0.8, Random(42)).lower);
}

TEST(bootstrap, the_bound_is_near_the_normal_one) {
  std::vector<double> differences;
  Random random(5);
  for (int i = 0; i < 400; ++i) differences.push_back(random.unit());
  const auto bound = paired_bootstrap(differences, 0.8, Random(42));
  // Standard error of the mean of 400 uniform draws: sqrt(1/12/400); the 20th percentile is 0.8416
  // of it below.
  EXPECT_NEAR(bound.lower, bound.mean - 0.8416 * std::sqrt(1.0 / 12 / 400), 0.0015);
}

}  // namespace
}  // namespace cloudfolio::retrieval

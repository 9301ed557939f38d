#include "training/gate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace cloudfolio::training {
namespace {

Scores scores(std::size_t queries, double held_out, double guard = 0.9) {
  return {std::vector<double>(queries, held_out), std::vector<double>(queries, held_out),
          std::vector<double>(200, guard)};
}

TEST(gate, a_model_that_wins_is_published) {
  Scores tuned = scores(20, 0.6);
  tuned.held_out[0] = tuned.search[0] = 0.4;
  const Verdict verdict = judge(scores(20, 0.5), tuned, 42);
  EXPECT_TRUE(verdict.published);
  EXPECT_EQ(verdict.reason, "");
  EXPECT_DOUBLE_EQ(verdict.base_score, 0.5);
  EXPECT_NEAR(verdict.tuned_score, 0.59, 1e-9);
  EXPECT_GT(verdict.gain_lower_bound, 0.0);
}

TEST(gate, a_model_that_does_not_beat_the_base_is_not) {
  EXPECT_EQ(judge(scores(20, 0.5), scores(20, 0.5), 42).reason, "not_better");
  Scores noisy = scores(20, 0.5);
  for (std::size_t i = 0; i < 20; ++i) noisy.search[i] += i % 2 == 0 ? 0.3 : -0.29;
  noisy.held_out = noisy.search;
  const Verdict verdict = judge(scores(20, 0.5), noisy, 42);
  EXPECT_GT(verdict.tuned_score, verdict.base_score);
  EXPECT_EQ(verdict.reason, "not_better") << "a gain within the noise";
}

TEST(gate, meaning_and_search_count_alike_and_neither_may_lose) {
  Scores tuned = scores(20, 0.6);
  tuned.search.assign(20, 0.5);
  EXPECT_TRUE(judge(scores(20, 0.5), tuned, 42).published) << "search is as good";
  tuned.search.assign(20, 0.49);
  EXPECT_EQ(judge(scores(20, 0.5), tuned, 42).reason, "not_better") << "search is worse";
  tuned.search.assign(20, 0.6);
  for (std::size_t i = 0; i < 20; ++i) tuned.held_out[i] = i % 2 == 0 ? 0.8 : 0.21;
  const Verdict verdict = judge(scores(20, 0.5), tuned, 42);
  EXPECT_TRUE(verdict.published) << "alone within the noise, together not";
  EXPECT_NEAR(verdict.tuned_search, 0.6, 1e-9);
  tuned.held_out.assign(20, 0.49);
  EXPECT_EQ(judge(scores(20, 0.5), tuned, 42).reason, "not_better") << "worse alone";
}

TEST(gate, fifteen_questions_are_too_little_evidence_and_sixteen_are_enough) {
  EXPECT_EQ(judge(scores(15, 0.5), scores(15, 0.9), 42).reason, "too_little_evidence");
  EXPECT_TRUE(judge(scores(16, 0.5), scores(16, 0.9), 42).published);
}

TEST(gate, a_model_that_forgot_more_than_a_hundredth_is_not_published) {
  EXPECT_TRUE(judge(scores(20, 0.5), scores(20, 0.9, 0.8911), 42).published);
  const Verdict verdict = judge(scores(20, 0.5), scores(20, 0.9, 0.8909), 42);
  EXPECT_EQ(verdict.reason, "guard_lost");
  EXPECT_FALSE(verdict.published);
}

TEST(gate, scores_that_are_not_finite_never_pass) {
  for (const auto part : {&Scores::held_out, &Scores::search, &Scores::guard}) {
    Scores tuned = scores(20, 0.9);
    (tuned.*part)[3] = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(judge(scores(20, 0.5), tuned, 42).reason, "not_finite");
  }
}

TEST(gate, a_section_scores_as_its_best_passage) {
  TrainingSet set;
  set.section_count = 2;
  set.candidates = {{0, "a"}, {0, "b"}, {1, "c"}};
  set.queries = {{"q", {0}}, {"r", {1}}};
  const std::vector<float> candidates = {0, 1, 1, 0, 0.6F, 0.8F};
  const std::vector<float> queries = {1, 0, 1, 0};
  const auto found = held_out_scores(set, queries, candidates, 2);
  EXPECT_DOUBLE_EQ(found[0], 1.0);
  EXPECT_DOUBLE_EQ(found[1], 1.0 / std::log2(3.0));
}

TEST(gate, vectors_that_are_all_alike_earn_nothing) {
  TrainingSet set;
  set.section_count = 30;
  for (std::size_t i = 0; i < 30; ++i) set.candidates.push_back({i, "x"});
  set.queries = {{"q", {0}}};
  const std::vector<float> candidates(30, 1.0F);
  EXPECT_DOUBLE_EQ(held_out_scores(set, std::vector<float>{1}, candidates, 1)[0], 0.0);
}

}  // namespace
}  // namespace cloudfolio::training

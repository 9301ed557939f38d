// The sample portfolio and the real model, in as few steps as tell whether training works.

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <numeric>

#include "base/clock.h"
#include "cache/testing/corpus_bundle.h"
#include "encoder/encoder.h"
#include "encoder/testing/fixtures.h"
#include "training/fine_tuning.h"
#include "training/fusion_choice.h"
#include "training/gate.h"

namespace cloudfolio::training {
namespace {

namespace fs = std::filesystem;

fs::path samples() {
  const char* source = std::getenv("CLOUDFOLIO_SOURCE_DIR");
  return fs::path(source != nullptr ? source : ".") / "samples" / "portfolio";
}

double mean(const std::vector<double>& values, std::size_t from, std::size_t count) {
  const auto begin = values.begin() + static_cast<std::ptrdiff_t>(from);
  return std::accumulate(begin, begin + static_cast<std::ptrdiff_t>(count), 0.0) /
         static_cast<double>(count);
}

class SampleTraining : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!encoder::testing::base_model_folder()) GTEST_SKIP() << encoder::testing::kNoBaseModel;
    if (!fs::exists(samples())) GTEST_SKIP() << "samples/portfolio is not there";
  }
};

TEST_F(SampleTraining, twenty_steps_beat_the_base_model_and_forget_nothing) {
  const auto bundle = cache::testing::read_corpus_bundle(samples(), "sample-dev");
  ASSERT_TRUE(bundle.ok());
  const TrainingSet set = make_training_set(*bundle, {});
  EXPECT_EQ(reason_against(set), "");
  EXPECT_GE(set.queries.size(), kHeldOutQueriesMin);

  Recipe recipe;
  recipe.step_count_max = 20;
  const SystemClock clock;
  const encoder::Model& base = encoder::testing::base_model();
  const auto tuned = fine_tune({}, base, set, recipe, clock, {});
  ASSERT_TRUE(tuned.ok()) << tuned.error().message();
  ASSERT_EQ(tuned->losses.size(), 20U);
  EXPECT_EQ(tuned->cut, "max_steps");
  EXPECT_LT(mean(tuned->losses, 15, 5), mean(tuned->losses, 0, 5));

  const auto base_encoder = encoder::Encoder::open(base);
  const auto tuned_encoder = encoder::Encoder::open(tuned->model);
  ASSERT_TRUE(base_encoder.ok() && tuned_encoder.ok());
  auto before = score(*base_encoder, set);
  auto after = score(*tuned_encoder, set);
  ASSERT_TRUE(before.ok() && after.ok());
  const CandidateWords words(set);
  const auto choice = words.choose(*base_encoder, before->candidate_vectors);
  ASSERT_TRUE(choice.ok());
  before->search = words.search_scores(*before, {});
  after->search =
      words.search_scores(*after, {.lexical = choice->lexical, .dense = 1.0 - choice->lexical});
  const Verdict verdict = judge(*before, *after, recipe.seed);
  std::printf(
      "held-out nDCG@10 %.4f -> %.4f, with words (%.2f) %.4f -> %.4f (bound %+.4f), guard set "
      "%.4f -> %.4f, %s\n",
      verdict.base_score, verdict.tuned_score, choice->lexical, verdict.base_search,
      verdict.tuned_search, verdict.gain_lower_bound, verdict.base_guard, verdict.tuned_guard,
      verdict.published ? "published" : verdict.reason.c_str());
  EXPECT_TRUE(verdict.published) << verdict.reason;
}

TEST_F(SampleTraining, the_base_model_knows_the_guard_set) {
  TrainingSet none;
  const auto encoder = encoder::Encoder::open(encoder::testing::base_model());
  ASSERT_TRUE(encoder.ok());
  const auto scores = score(*encoder, none);
  ASSERT_TRUE(scores.ok());
  ASSERT_EQ(scores->guard.size(), 200U);
  EXPECT_GT(mean(scores->guard, 0, 200), 0.85);
}

}  // namespace
}  // namespace cloudfolio::training

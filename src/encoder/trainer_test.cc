#include "encoder/trainer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "encoder/embedder.h"
#include "encoder/parameter_layout.h"
#include "encoder/testing/fixtures.h"

namespace cloudfolio::encoder {
namespace {

using testing::tiny_model;
using testing::tiny_sequence;

class TinyTraining : public ::testing::Test {
 protected:
  TinyTraining() {
    for (std::size_t i = 0; i < 24; ++i) {
      anchors.push_back(tiny_sequence(i, 5 + i % 7));
      positives.push_back(tiny_sequence(1000 + i, 10 + i * 13 % 70));
    }
  }

  std::vector<TrainingPair> batch(std::size_t first, std::size_t count) const {
    std::vector<TrainingPair> pairs;
    for (std::size_t i = first; i < first + count; ++i) {
      pairs.push_back({anchors[i % anchors.size()], positives[i % anchors.size()]});
    }
    return pairs;
  }

  std::unique_ptr<Trainer> open(const Trainer::Options& options) const {
    auto trainer = Trainer::open(tiny_model(), options);
    EXPECT_TRUE(trainer) << trainer.error().message();
    return std::move(*trainer);
  }

  Model train(const Trainer::Options& options, std::size_t step_count) const {
    const auto trainer = open(options);
    for (std::size_t i = 0; i < step_count; ++i) {
      const auto report = trainer->step(batch(i * 8, 8), Loss::multiple_negatives_ranking);
      EXPECT_TRUE(report) << report.error().message();
    }
    return trainer->model();
  }

  static bool same_weights(const Model& a, const Model& b) {
    return std::ranges::equal(a.weights(), b.weights());
  }

  std::vector<TokenIds> anchors;
  std::vector<TokenIds> positives;
};

constexpr Trainer::Options kQuick{.learning_rate = 1e-3, .total_step_count = 30};

TEST_F(TinyTraining, the_loss_falls) {
  Trainer::Options options = kQuick;
  options.dropout = false;
  const auto trainer = open(options);
  double first = 0;
  double last = 0;
  for (std::size_t i = 0; i < 30; ++i) {
    const auto report = trainer->step(batch(0, 12), Loss::multiple_negatives_ranking);
    ASSERT_TRUE(report) << report.error().message();
    if (i == 0) first = report->loss;
    last = report->loss;
  }
  EXPECT_LT(last, 0.5 * first);
  EXPECT_EQ(trainer->step_count(), 30U);
}

TEST_F(TinyTraining, same_seed_gives_the_same_weights_for_any_thread_count) {
  Trainer::Options options = kQuick;
  for (const Precision precision : {Precision::automatic, Precision::fp32}) {
    options.precision = precision;
    options.seed = kQuick.seed;
    options.thread_count = 1;
    const Model one = train(options, 6);
    options.thread_count = 2;
    EXPECT_TRUE(same_weights(one, train(options, 6)));
    EXPECT_TRUE(same_weights(one, train(options, 6)));
    options.seed = 43;
    EXPECT_FALSE(same_weights(one, train(options, 6)));
  }
}

TEST_F(TinyTraining, a_step_in_parts_drops_the_same_elements) {
  Trainer::Options options = kQuick;
  options.precision = Precision::fp32;
  const Model whole = train(options, 3);
  options.activation_token_count_max = 150;
  const Model parts = train(options, 3);
  double distance = 0;
  double moved = 0;
  const Model before = tiny_model();
  for (std::size_t i = 0; i < whole.weights().size(); ++i) {
    distance += std::abs(static_cast<double>(whole.weights()[i]) - parts.weights()[i]);
    moved += std::abs(static_cast<double>(whole.weights()[i]) - before.weights()[i]);
  }
  EXPECT_LT(distance, 0.01 * moved);
}

TEST_F(TinyTraining, the_learning_rate_rises_and_falls_linearly) {
  const auto trainer = open({.learning_rate = 1e-4, .warmup_step_count = 2, .total_step_count = 6});
  std::vector<double> rates;
  for (std::size_t i = 0; i < 8; ++i) {
    rates.push_back(trainer->step(batch(i, 3), Loss::cosine_similarity)->learning_rate);
  }
  const double expected[] = {0, 0.5, 1, 0.75, 0.5, 0.25, 0, 0};
  for (std::size_t i = 0; i < rates.size(); ++i) EXPECT_NEAR(rates[i], 1e-4 * expected[i], 1e-12);
}

TEST_F(TinyTraining, unused_words_only_decay) {
  const Model before = tiny_model();
  Trainer::Options options{.learning_rate = 0.1, .total_step_count = 2, .weight_decay = 0.5};
  const auto trainer = open(options);
  const TokenIds short_one{2, 7, 3};
  const TokenIds short_two{2, 8, 3};
  const std::vector<TrainingPair> pairs{{short_one, short_two}};
  ASSERT_TRUE(trainer->step(pairs, Loss::cosine_similarity));
  const Model after = trainer->model();
  const std::size_t hidden = before.architecture().hidden;
  const std::size_t unused = 40 * hidden;
  for (std::size_t c = 0; c < hidden; ++c) {
    EXPECT_FLOAT_EQ(after.weights()[unused + c], before.weights()[unused + c] * 0.95F);
  }
  EXPECT_NE(after.weights()[7 * hidden], before.weights()[7 * hidden] * 0.95F);
}

TEST_F(TinyTraining, texts_of_one_group_are_not_each_others_negatives) {
  Trainer::Options options = kQuick;
  options.dropout = false;
  const auto trainer = open(options);
  // The same question twice, with two right answers: each of them alone has nothing to lose.
  std::vector<TrainingPair> pairs{{anchors[0], positives[0]}, {anchors[0], positives[1]}};
  const double competing = trainer->gradient(pairs, Loss::multiple_negatives_ranking)->loss;
  for (TrainingPair& pair : pairs) pair.anchor_group = 5;
  EXPECT_GT(competing, 0.1);
  EXPECT_NEAR(trainer->gradient(pairs, Loss::multiple_negatives_ranking)->loss, 0.0, 1e-9);
  for (TrainingPair& pair : pairs) pair = {pair.anchor, pair.positive, 1.0F, 0, 9};
  EXPECT_NEAR(trainer->gradient(pairs, Loss::multiple_negatives_ranking)->loss, 0.0, 1e-9);
}

TEST_F(TinyTraining, refuses_what_cannot_be_trained_on) {
  const auto trainer = open(kQuick);
  const TokenIds empty;
  const TokenIds foreign{2, 90, 3};
  const TokenIds negative{-1};
  const TokenIds long_one(97, 5);
  EXPECT_FALSE(trainer->step({}, Loss::cosine_similarity));
  for (const TokenIds& bad : {empty, foreign, negative, long_one}) {
    const std::vector<TrainingPair> pairs{{anchors[0], bad}};
    const auto report = trainer->step(pairs, Loss::cosine_similarity);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code(), Code::invalid_argument);
  }
  const std::vector<TrainingPair> unlabelled{
      {anchors[0], positives[0], std::numeric_limits<float>::quiet_NaN()}};
  EXPECT_FALSE(trainer->step(unlabelled, Loss::cosine_similarity));
  EXPECT_EQ(trainer->step_count(), 0U);
  EXPECT_TRUE(trainer->step(batch(0, 4), Loss::cosine_similarity));
}

TEST_F(TinyTraining, refuses_options_that_are_not_numbers) {
  EXPECT_FALSE(Trainer::open(tiny_model(), {.learning_rate = std::nan("")}));
  EXPECT_FALSE(Trainer::open(tiny_model(), {.learning_rate = -1}));
  EXPECT_FALSE(Trainer::open(tiny_model(), {.learning_rate = 200, .weight_decay = 0.01}));
}

TEST_F(TinyTraining, a_loss_that_is_not_finite_leaves_the_weights_alone) {
  const Model model = tiny_model();
  std::vector<float> weights(model.weights().begin(), model.weights().end());
  weights[model.layout().layers()[0].ffn1_weight] = std::numeric_limits<float>::infinity();
  const auto trainer = Trainer::open(model.with_weights(weights), kQuick);
  ASSERT_TRUE(trainer);
  const auto report = (*trainer)->step(batch(0, 4), Loss::multiple_negatives_ranking);
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().message().find("not finite"), std::string::npos);
  EXPECT_TRUE(same_weights((*trainer)->model(), model.with_weights(weights)));
}

TEST_F(TinyTraining, a_pair_of_one_token_texts_is_trained_on) {
  const TokenIds one{2};
  const std::vector<TrainingPair> pairs{{one, one}};
  EXPECT_TRUE(open(kQuick)->step(pairs, Loss::multiple_negatives_ranking));
}

// The weights are the base model's, the texts made up: each loss of a run of 40 steps.
// A sanitizer makes a step many times as long.
#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t kCurveSteps = 10;
#else
constexpr std::size_t kCurveSteps = 40;
#endif
class Curve : public ::testing::TestWithParam<Loss> {};

TEST_P(Curve, is_that_of_sentence_transformers) {
  if (!testing::base_model_folder()) GTEST_SKIP() << testing::kNoBaseModel;
  const Model& model = testing::base_model();
  const auto fixture = testing::read_fixture("training.json");
  std::vector<TokenIds> texts[2];
  std::vector<float> labels;
  for (const auto& pair : fixture.at("pairs").as_array()) {
    for (std::size_t column : {0U, 1U}) {
      texts[column].push_back(
          model.tokenizer().encode(json::view(pair.at(column).as_string()), 256));
    }
    labels.push_back(static_cast<float>(*json::as_number(pair.at(2))));
  }
  const auto& settings = fixture.at("options");
  const auto trainer = Trainer::open(
      model,
      {.learning_rate = *json::find_number(settings, "learning_rate"),
       .warmup_step_count = static_cast<std::size_t>(*json::find_int(settings, "warmup_steps")),
       .total_step_count = static_cast<std::size_t>(*json::find_int(settings, "total_steps")),
       .weight_decay = *json::find_number(settings, "weight_decay"),
       .gradient_norm_max = *json::find_number(settings, "max_grad_norm"),
       .dropout = false,
       .precision = Precision::fp32});
  ASSERT_TRUE(trainer) << trainer.error().message();
  const auto& expected = fixture.at("curves").at(
      GetParam() == Loss::cosine_similarity ? "cosine_similarity" : "multiple_negatives_ranking");
  const double allowed = 0.01 * *json::as_number(expected.at(0));
  std::size_t step = 0;
  for (const auto& chosen : fixture.at("batches").as_array()) {
    if (step == kCurveSteps) break;
    std::vector<TrainingPair> pairs;
    for (const auto& index : chosen.as_array()) {
      const auto i = static_cast<std::size_t>(index.as_int64());
      pairs.push_back({texts[0][i], texts[1][i], labels[i]});
    }
    const auto report = (*trainer)->step(pairs, GetParam());
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_NEAR(report->loss, *json::as_number(expected.at(step)), allowed) << "step " << step;
    ++step;
  }
  EXPECT_EQ(step, kCurveSteps);
}

INSTANTIATE_TEST_SUITE_P(losses, Curve,
                         ::testing::Values(Loss::multiple_negatives_ranking,
                                           Loss::cosine_similarity),
                         [](const auto& chosen) {
                           return chosen.param == Loss::cosine_similarity ? "cosine" : "ranking";
                         });

}  // namespace
}  // namespace cloudfolio::encoder

// The backward pass against finite differences and against PyTorch.

#include <gtest/gtest.h>

#include <cmath>

#include "encoder/parameter_layout.h"
#include "encoder/testing/fixtures.h"
#include "encoder/trainer.h"

namespace cloudfolio::encoder {
namespace {

using testing::tiny_model;
using testing::tiny_sequence;

struct OwnedPairs {
  std::vector<TokenIds> anchors, positives;
  std::vector<float> labels;

  std::vector<TrainingPair> pairs() const {
    std::vector<TrainingPair> out;
    for (std::size_t i = 0; i < anchors.size(); ++i) {
      out.push_back({anchors[i], positives[i], labels[i]});
    }
    return out;
  }
};

OwnedPairs tiny_pairs(std::size_t count) {
  OwnedPairs owned;
  for (std::size_t i = 0; i < count; ++i) {
    owned.anchors.push_back(tiny_sequence(2 * i, 4 + i * 5 % 40));
    owned.positives.push_back(tiny_sequence(2 * i + 1, 3 + i * 11 % 60));
    owned.labels.push_back(0.25F * static_cast<float>(i % 5));
  }
  return owned;
}

// Larger weights than an untrained model's, so that every part of it matters.
Model lively_model() {
  const Model model = tiny_model(3);
  std::vector<float> weights(model.weights().begin(), model.weights().end());
  for (const Parameter& parameter : model.layout().parameters()) {
    for (std::size_t i = 0; i < parameter.count; ++i) {
      float& w = weights[parameter.offset + i];
      w = parameter.decays ? w * 5.0F : w + 0.1F * std::sin(static_cast<float>(i));
    }
  }
  return model.with_weights(weights);
}

Result<Trainer::Gradient> gradient_of(const Model& model, const OwnedPairs& owned, Loss loss,
                                      const Trainer::Options& options) {
  CF_TRY(const auto trainer, Trainer::open(model, options));
  return trainer->gradient(owned.pairs(), loss);
}

// The slope of the loss along the gradient of one parameter, both ways: from the gradient itself
// and from two losses a little apart.
void compare_with_differences(const Model& model, const OwnedPairs& owned, Loss loss,
                              const Trainer::Options& options) {
  const auto gradient = gradient_of(model, owned, loss, options);
  ASSERT_TRUE(gradient) << gradient.error().message();
  for (const Parameter& parameter : model.layout().parameters()) {
    if (parameter.offset >= model.layout().trained_count()) continue;
    double squares = 0;
    for (std::size_t i = 0; i < parameter.count; ++i) {
      const double g = gradient->values[parameter.offset + i];
      squares += g * g;
    }
    const double norm = std::sqrt(squares);
    // Keys' biases cancel out in the softmax: their gradient is rounding.
    if (norm < 1e-6) {
      EXPECT_NE(parameter.name.find("key.bias"), std::string::npos) << parameter.name;
      continue;
    }
    const double step = 2e-2 / std::max(1.0, norm);
    const auto loss_at = [&](double along) {
      std::vector<float> weights(model.weights().begin(), model.weights().end());
      for (std::size_t i = 0; i < parameter.count; ++i) {
        const double direction = gradient->values[parameter.offset + i] / norm;
        weights[parameter.offset + i] += static_cast<float>(along * direction);
      }
      return gradient_of(model.with_weights(weights), owned, loss, options)->loss;
    };
    // Four points: the error falls with the fourth power of the step.
    const double slope =
        (8 * (loss_at(step) - loss_at(-step)) - (loss_at(2 * step) - loss_at(-2 * step))) /
        (12 * step);
    EXPECT_NEAR(slope / norm, 1.0, 6e-3) << parameter.name << " gradient " << norm;
  }
}

TEST(Gradient, of_the_ranking_loss_agrees_with_finite_differences) {
  compare_with_differences(lively_model(), tiny_pairs(5), Loss::multiple_negatives_ranking,
                           {.dropout = false, .precision = Precision::fp32, .thread_count = 1});
}

TEST(Gradient, of_the_cosine_loss_agrees_with_finite_differences) {
  compare_with_differences(lively_model(), tiny_pairs(4), Loss::cosine_similarity,
                           {.dropout = false, .precision = Precision::fp32, .thread_count = 1});
}

TEST(Gradient, under_dropout_agrees_with_finite_differences) {
  compare_with_differences(
      lively_model(), tiny_pairs(4), Loss::multiple_negatives_ranking,
      {.dropout = true, .seed = 9, .precision = Precision::fp32, .thread_count = 1});
}

double norm_of(const Trainer::Gradient& gradient) {
  double squares = 0;
  for (const float value : gradient.values) squares += static_cast<double>(value) * value;
  return std::sqrt(squares);
}

double cosine_of(const Trainer::Gradient& a, const Trainer::Gradient& b) {
  return testing::cosine(a.values, b.values);
}

TEST(Gradient, computed_in_parts_is_that_of_the_whole_step) {
  const auto owned = tiny_pairs(12);
  for (const Loss loss : {Loss::multiple_negatives_ranking, Loss::cosine_similarity}) {
    const auto whole = gradient_of(lively_model(), owned, loss, {.precision = Precision::fp32});
    const auto parts =
        gradient_of(lively_model(), owned, loss,
                    {.precision = Precision::fp32, .activation_token_count_max = 100});
    ASSERT_TRUE(whole && parts);
    EXPECT_NEAR(whole->loss, parts->loss, 1e-5);
    EXPECT_GT(cosine_of(*whole, *parts), 0.9999999);
  }
}

TEST(Gradient, in_bf16_is_close_to_fp32) {
  if (!runs_bf16()) {
    GTEST_SKIP() << "this processor has no bf16 products";
  }
  const auto owned = tiny_pairs(12);
  const auto exact = gradient_of(tiny_model(), owned, Loss::cosine_similarity,
                                 {.dropout = false, .precision = Precision::fp32});
  const auto rounded = gradient_of(tiny_model(), owned, Loss::cosine_similarity,
                                   {.dropout = false, .precision = Precision::bf16});
  ASSERT_TRUE(exact && rounded);
  EXPECT_GT(cosine_of(*exact, *rounded), 0.999);
}

TEST(Gradient, in_fp16_is_close_to_fp32) {
  if (!runs_fp16()) GTEST_SKIP() << "this processor has no fp16 products";
  const auto owned = tiny_pairs(12);
  for (const Loss loss : {Loss::multiple_negatives_ranking, Loss::cosine_similarity}) {
    for (const bool dropout : {false, true}) {
      const auto exact = gradient_of(lively_model(), owned, loss,
                                     {.dropout = dropout, .precision = Precision::fp32});
      const auto rounded = gradient_of(lively_model(), owned, loss,
                                       {.dropout = dropout, .precision = Precision::fp16});
      ASSERT_TRUE(exact && rounded);
      EXPECT_NEAR(exact->loss, rounded->loss, 1e-3);
      EXPECT_GT(cosine_of(*exact, *rounded), 0.9999);
      EXPECT_NEAR(norm_of(*rounded) / norm_of(*exact), 1.0, 2e-3);
    }
  }
}

TEST(Gradient, that_leaves_fp16_is_computed_again_scaled_less) {
  if (!runs_fp16()) GTEST_SKIP() << "this processor has no fp16 products";
  // What the first layer's norm gets is so small that its gradient is ten thousand times as large.
  const Model model = lively_model();
  std::vector<float> weights(model.weights().begin(), model.weights().end());
  const auto shrink = [&](std::size_t offset, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) weights[offset + i] *= 1e-4F;
  };
  const std::size_t hidden = model.architecture().hidden;
  const LayerOffsets& first = model.layout().layers()[0];
  shrink(model.layout().embedding_norm_weight(), hidden);
  shrink(model.layout().embedding_norm_bias(), hidden);
  shrink(first.projection_weight, hidden * hidden);
  shrink(first.projection_bias, hidden);
  const Model steep = model.with_weights(weights);
  const auto owned = tiny_pairs(6);
  const auto exact = gradient_of(steep, owned, Loss::multiple_negatives_ranking,
                                 {.dropout = false, .precision = Precision::fp32});
  const auto rounded = gradient_of(steep, owned, Loss::multiple_negatives_ranking,
                                   {.dropout = false, .precision = Precision::fp16});
  ASSERT_TRUE(exact) << exact.error().message();
  ASSERT_TRUE(rounded) << rounded.error().message();
  EXPECT_GT(cosine_of(*exact, *rounded), 0.99);
}

// ±1 by a hash of the index, as tools/encoder_fixtures.py has it.
double sign(std::uint64_t index, std::uint64_t number) {
  std::uint64_t x = index * 0x9E3779B97F4A7C15U + number * 0xD1B54A32D192ED03U;
  x = (x ^ (x >> 29)) * 0xBF58476D1CE4E5B9U;
  return 1.0 - 2.0 * static_cast<double>((x >> 60) & 1U);
}

OwnedPairs fixture_pairs(const Model& model, const json::Value& fixture) {
  OwnedPairs owned;
  for (const auto& pair : fixture.at("pairs").as_array()) {
    owned.anchors.push_back(model.tokenizer().encode(json::view(pair.at(0).as_string()), 256));
    owned.positives.push_back(model.tokenizer().encode(json::view(pair.at(1).as_string()), 256));
    owned.labels.push_back(static_cast<float>(*json::as_number(pair.at(2))));
  }
  return owned;
}

TEST(Gradient, agrees_with_pytorch) {
  if (!testing::base_model_folder()) GTEST_SKIP() << testing::kNoBaseModel;
  const Model& model = testing::base_model();
  const auto fixture = testing::read_fixture("gradients.json");
  const OwnedPairs owned = fixture_pairs(model, fixture);
  for (const Loss loss : {Loss::multiple_negatives_ranking, Loss::cosine_similarity}) {
    const auto& expected = fixture.at("losses").at(
        loss == Loss::cosine_similarity ? "cosine_similarity" : "multiple_negatives_ranking");
    const auto gradient =
        gradient_of(model, owned, loss, {.dropout = false, .precision = Precision::fp32});
    ASSERT_TRUE(gradient) << gradient.error().message();
    EXPECT_NEAR(gradient->loss, expected.at("loss").as_double(), 1e-4);
    std::size_t compared = 0;
    for (const auto& entry : expected.at("parameters").as_object()) {
      const Parameter* parameter = model.layout().find(std::string_view(entry.key()));
      ASSERT_NE(parameter, nullptr) << entry.key();
      const auto& numbers = entry.value().as_array();
      const double norm = *json::as_number(numbers[0]);
      if (norm < 1e-6) continue;  // Keys' biases.
      double squares = 0;
      std::vector<double> projections(numbers.size() - 1);
      for (std::size_t i = 0; i < parameter->count; ++i) {
        const double g = gradient->values[parameter->offset + i];
        squares += g * g;
        for (std::size_t p = 0; p < projections.size(); ++p) projections[p] += g * sign(i, p);
      }
      EXPECT_NEAR(std::sqrt(squares) / norm, 1.0, 1e-3) << entry.key();
      for (std::size_t p = 0; p < projections.size(); ++p) {
        EXPECT_NEAR(projections[p] / norm, *json::as_number(numbers[p + 1]) / norm, 3e-3)
            << entry.key();
      }
      ++compared;
    }
    EXPECT_GT(compared, 90U);
  }
}

// Numbers are rounded to 11 bits on their way through six layers and back; what is left of
// gradients far below the largest is seen in the first layers' ones.
TEST(Gradient, of_the_base_model_in_fp16_is_close_to_fp32) {
  if (!testing::base_model_folder()) GTEST_SKIP() << testing::kNoBaseModel;
  if (!runs_fp16()) GTEST_SKIP() << "this processor has no fp16 products";
  const Model& model = testing::base_model();
  const OwnedPairs owned = fixture_pairs(model, testing::read_fixture("gradients.json"));
  const auto exact = gradient_of(model, owned, Loss::multiple_negatives_ranking,
                                 {.dropout = false, .precision = Precision::fp32});
  const auto rounded = gradient_of(model, owned, Loss::multiple_negatives_ranking,
                                   {.dropout = false, .precision = Precision::fp16});
  ASSERT_TRUE(exact && rounded);
  EXPECT_NEAR(exact->loss, rounded->loss, 2e-4);
  EXPECT_GT(cosine_of(*exact, *rounded), 0.9999);
  const LayerOffsets& first = model.layout().layers()[0];
  const std::size_t count = first.projection_weight - first.qkv_weight;
  const auto part = [&](const Trainer::Gradient& gradient) {
    const float* begin = gradient.values.data() + first.qkv_weight;
    return std::vector<float>(begin, begin + count);
  };
  EXPECT_GT(testing::cosine(part(*exact), part(*rounded)), 0.9999);
}

}  // namespace
}  // namespace cloudfolio::encoder

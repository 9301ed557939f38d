// Each compiled set of kernels against formulas too simple to be wrong.

#include "encoder/kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"

namespace cloudfolio::encoder {
namespace {

std::vector<float> random_values(std::size_t count, std::uint64_t seed, float size = 1.0F) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = size * static_cast<float>(2.0 * random.unit() - 1.0);
  return values;
}

double phi(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

class KernelSets : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    set = find_kernel_set(GetParam());
    if (set == nullptr) GTEST_SKIP() << "this processor cannot run the set " << GetParam();
  }
  const KernelSet* set = nullptr;
};

TEST_P(KernelSets, gelu_and_its_derivative_are_exact_to_a_few_millionths) {
  std::vector<float> x;
  for (float at = -9.0F; x.size() < 18 * 64; at += 1.0F / 64) x.push_back(at);
  std::vector<float> y(x.size());
  std::vector<float> d(x.size(), 1.0F);
  set->fp32->gelu(x.data(), y.data(), x.size());
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(y[i], x[i] * phi(x[i]), 2e-6) << x[i];
  set->fp32->gelu_backward(x.data(), d.data(), y.data(), x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double density = std::exp(-0.5 * x[i] * x[i]) / std::sqrt(2.0 * M_PI);
    EXPECT_NEAR(d[i], phi(x[i]) + x[i] * density, 2e-6) << x[i];
    EXPECT_NEAR(y[i], x[i] * phi(x[i]), 2e-6) << x[i];
  }
}

TEST_P(KernelSets, gelu_keeps_what_is_not_a_number) {
  std::vector<float> x(16, std::nanf(""));
  set->fp32->gelu(x.data(), x.data(), x.size());
  EXPECT_TRUE(std::isnan(x[3]));
}

TEST_P(KernelSets, conversion_rounds_to_nearest_even) {
  const auto x = random_values(64, 3, 100.0F);
  std::vector<Bf16> y(x.size());
  set->bf16->convert(x.data(), y.data(), x.size());
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_EQ(y[i], to_bf16(x[i])) << x[i];
}

// softmax(Q·Kᵀ/√d)·V in double precision.
std::vector<double> plain_attention(const AttentionShape& shape, std::size_t n,
                                    const std::vector<float>& qkv) {
  const std::size_t hidden = shape.hidden();
  std::vector<double> out(n * hidden);
  for (std::size_t head = 0; head < shape.head_count; ++head) {
    const auto at = [&](std::size_t row, std::size_t part, std::size_t c) {
      return static_cast<double>(qkv[(row * 3 + part) * hidden + head * shape.head_size + c]);
    };
    for (std::size_t i = 0; i < n; ++i) {
      std::vector<double> p(n);
      double total = 0;
      for (std::size_t j = 0; j < n; ++j) {
        double score = 0;
        for (std::size_t c = 0; c < shape.head_size; ++c) score += at(i, 0, c) * at(j, 1, c);
        p[j] = std::exp(score / std::sqrt(static_cast<double>(shape.head_size)));
        total += p[j];
      }
      for (std::size_t c = 0; c < shape.head_size; ++c) {
        double value = 0;
        for (std::size_t j = 0; j < n; ++j) value += p[j] / total * at(j, 2, c);
        out[i * hidden + head * shape.head_size + c] = value;
      }
    }
  }
  return out;
}

TEST_P(KernelSets, attention_is_softmax_of_scores_times_values) {
  for (const AttentionShape shape : {AttentionShape{3, 32}, {2, 64}}) {
    for (const std::size_t n : {1U, 2U, 15U, 16U, 31U, 33U, 64U, 100U}) {
      const auto qkv = random_values(n * 3 * shape.hidden(), n, 3.0F);
      std::vector<float> out(n * shape.hidden());
      std::vector<float> scratch(attention_scratch(shape, n));
      set->fp32->attention(shape, {0, n, {}}, qkv.data(), out.data(), nullptr, scratch.data());
      const auto expected = plain_attention(shape, n, qkv);
      for (std::size_t i = 0; i < out.size(); ++i) {
        ASSERT_NEAR(out[i], expected[i], 2e-5) << "n " << n << " element " << i;
      }
    }
  }
}

TEST_P(KernelSets, attention_to_what_scores_far_less_is_nothing) {
  // One key that all queries score a thousand times above the others.
  const AttentionShape shape{1, 32};
  const std::size_t n = 20;
  auto qkv = random_values(n * 3 * shape.hidden(), 7, 1.0F);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t c = 0; c < shape.hidden(); ++c) {
      qkv[i * 96 + c] = 10.0F;
      qkv[i * 96 + 32 + c] = i == 11 ? 20.0F : 0.0F;
    }
  }
  std::vector<float> out(n * shape.hidden());
  std::vector<float> scratch(attention_scratch(shape, n));
  set->fp32->attention(shape, {0, n, {}}, qkv.data(), out.data(), nullptr, scratch.data());
  for (std::size_t i = 0; i < out.size(); ++i) {
    ASSERT_EQ(out[i], qkv[11 * 96 + 64 + i % 32]) << "element " << i;
  }
}

TEST_P(KernelSets, attention_backward_agrees_with_finite_differences) {
  const AttentionShape shape{2, 32};
  const std::size_t n = 37;
  const std::size_t hidden = shape.hidden();
  SequenceRows rows{0, n, {}};
  rows.mask = {0x1234567U, 1U << 29, 8.0F / 7.0F};
  const auto qkv = random_values(n * 3 * hidden, 5);
  const auto d_out = random_values(n * hidden, 6);
  std::vector<float> scratch(attention_scratch(shape, n));
  std::vector<float> log_sum(n * shape.head_count);
  const auto value = [&](const std::vector<float>& at) {
    std::vector<float> out(n * hidden);
    set->fp32->attention(shape, rows, at.data(), out.data(), log_sum.data(), scratch.data());
    double total = 0;
    for (std::size_t i = 0; i < out.size(); ++i) total += static_cast<double>(out[i]) * d_out[i];
    return total;
  };
  std::vector<float> out(n * hidden);
  set->fp32->attention(shape, rows, qkv.data(), out.data(), log_sum.data(), scratch.data());
  std::vector<float> d_qkv(qkv.size());
  set->fp32->attention_backward(shape, rows, qkv.data(), out.data(), d_out.data(), log_sum.data(),
                                d_qkv.data(), scratch.data());
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const auto direction = random_values(qkv.size(), 100 + seed);
    double along = 0;
    auto ahead = qkv;
    auto behind = qkv;
    for (std::size_t i = 0; i < qkv.size(); ++i) {
      along += static_cast<double>(d_qkv[i]) * direction[i];
      ahead[i] += 1e-2F * direction[i];
      behind[i] -= 1e-2F * direction[i];
    }
    EXPECT_NEAR((value(ahead) - value(behind)) / 2e-2, along, 5e-3 * std::abs(along) + 2e-2);
  }
}

TEST_P(KernelSets, drop_the_same_elements_as_the_portable_set) {
  const std::size_t width = 64;
  const auto branch = random_values(4 * width, 1);
  const auto residual = random_values(4 * width, 2);
  const std::vector<float> ones(width, 1.0F);
  const std::vector<float> zeros(width, 0.0F);
  SequenceRows rows{0, 4, {}};
  rows.mask = {77, 1U << 31, 2.0F};
  const auto norm = [&](const KernelSet& s) {
    std::vector<float> out(4 * width);
    s.fp32->add_norm({residual.data(), branch.data(), ones.data(), zeros.data(), 1e-12F, width,
                      out.data(), nullptr, nullptr},
                     rows);
    return out;
  };
  const auto ours = norm(*set);
  const auto portable = norm(*find_kernel_set("portable"));
  for (std::size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(ours[i], portable[i], 1e-5);
}

TEST_P(KernelSets, about_as_many_elements_are_dropped_as_asked) {
  const std::size_t width = 1024;
  const std::vector<float> ones(width, 1.0F);
  std::size_t dropped = 0;
  for (std::uint32_t key = 0; key < 50; ++key) {
    // LayerNorm's backward pass hands its gradient to the branch through the mask.
    std::vector<float> d(width, 0.0F);
    d[0] = 1.0F;
    const std::vector<float> inverse{1.0F};
    std::vector<float> normal(width, 0.0F);
    std::vector<float> sum(width);
    std::vector<float> branch(width);
    std::vector<float> d_weight(width);
    std::vector<float> d_bias(width);
    SequenceRows rows{0, 1, {}};
    rows.mask = {key * 0x9E3779B9U, 429496730U, 10.0F / 9.0F};
    set->fp32->norm_backward({d.data(), nullptr, normal.data(), inverse.data(), ones.data(), width,
                              sum.data(), branch.data(), d_weight.data(), d_bias.data()},
                             rows, {});
    for (const float b : branch) dropped += b == 0.0F ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(dropped) / (50.0 * width), 0.1, 0.006);
}

TEST_P(KernelSets, adam_moves_as_pytorchs_formula_says) {
  const AdamStep step{0.9F, 0.999F, 1e-8F, 0.5F, 0.02F, 1.25F, 0.99F};
  std::vector<float> weight{1.0F, -2.0F, 3.0F};
  std::vector<float> mean{0.1F, 0.0F, -0.2F};
  std::vector<float> variance{0.04F, 0.0F, 0.01F};
  const std::vector<float> gradient{0.6F, 0.0F, -0.4F};
  auto moved = weight;
  auto m = mean;
  auto v = variance;
  set->floats->adam(step, moved.data(), m.data(), v.data(), gradient.data(), moved.size());
  for (std::size_t i = 0; i < moved.size(); ++i) {
    const double g = 0.5 * gradient[i];
    const double expected_mean = 0.9 * mean[i] + 0.1 * g;
    const double expected_variance = 0.999 * variance[i] + 0.001 * g * g;
    EXPECT_NEAR(m[i], expected_mean, 1e-6);
    EXPECT_NEAR(v[i], expected_variance, 1e-6);
    EXPECT_NEAR(
        moved[i],
        0.99 * weight[i] - 0.02 * expected_mean / (std::sqrt(expected_variance) * 1.25 + 1e-8),
        1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(sets, KernelSets, ::testing::Values("avx512", "avx2", "portable"),
                         [](const auto& chosen) { return std::string(chosen.param); });

}  // namespace
}  // namespace cloudfolio::encoder

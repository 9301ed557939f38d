// Matrix products of each kind against sums too simple to be wrong, and oneDNN's fp32 products
// where the project's own would be used.

#include "encoder/products.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"
#include "encoder/mixed_products.h"
#include "encoder/precision.h"

namespace cloudfolio::encoder {
namespace {

std::vector<float> random_values(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(2.0 * random.unit() - 1.0);
  return values;
}

struct Operands {
  LayerSize size;
  std::size_t rows;
  std::vector<float> weight = random_values(size.outputs * size.inputs, 1);
  std::vector<float> bias = random_values(size.outputs, 2);
  std::vector<float> x = random_values(rows * size.inputs, 3);
  std::vector<float> dy = random_values(rows * size.outputs, 4);

  double output(std::size_t row, std::size_t n) const {
    double sum = bias[n];
    for (std::size_t k = 0; k < size.inputs; ++k) {
      sum += static_cast<double>(x[row * size.inputs + k]) * weight[n * size.inputs + k];
    }
    return sum;
  }
  double input_gradient(std::size_t row, std::size_t k) const {
    double sum = 0;
    for (std::size_t n = 0; n < size.outputs; ++n) {
      sum += static_cast<double>(dy[row * size.outputs + n]) * weight[n * size.inputs + k];
    }
    return sum;
  }
  double weight_gradient(std::size_t n, std::size_t k) const {
    double sum = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      sum += static_cast<double>(dy[row * size.outputs + n]) * x[row * size.inputs + k];
    }
    return sum;
  }
};

class Fp32Products : public ::testing::TestWithParam<ProductsBy> {
 protected:
  OneThread alone;
  Array<float> scratch;
};

// Rows and inner sizes beyond a tile, a block and both; outputs that leave a narrow last panel.
const Operands kCases[] = {{{64, 32}, 1}, {{160, 64}, 13}, {{96, 400}, 37}, {{144, 48}, 700}};

TEST_P(Fp32Products, forward_and_backward_are_the_sums) {
  for (const Operands& o : kCases) {
    for (const Directions directions : {Directions::forward, Directions::both}) {
      PackedWeight<float> weight(o.size, directions, GetParam());
      weight.pack(o.weight.data(), scratch);
      Products<float> products(GetParam());
      std::vector<float> y(o.rows * o.size.outputs);
      products.forward(weight, o.bias.data(), o.x.data(), o.rows, y.data());
      for (std::size_t i = 0; i < y.size(); i += 7) {
        ASSERT_NEAR(y[i], o.output(i / o.size.outputs, i % o.size.outputs), 2e-4) << o.rows;
      }
      if (directions == Directions::forward) continue;
      std::vector<float> dx(o.rows * o.size.inputs);
      products.backward(weight, o.dy.data(), o.rows, dx.data());
      for (std::size_t i = 0; i < dx.size(); i += 5) {
        ASSERT_NEAR(dx[i], o.input_gradient(i / o.size.inputs, i % o.size.inputs), 2e-4) << o.rows;
      }
    }
  }
}

TEST_P(Fp32Products, weight_gradients_replace_or_add) {
  for (const Operands& o : kCases) {
    Products<float> products(GetParam());
    std::vector<float> d_weight(o.size.outputs * o.size.inputs, 5.0F);
    std::vector<float> d_bias(o.size.outputs, 5.0F);
    for (const double times : {1.0, 2.0}) {
      products.weight_gradient(o.size, o.dy.data(), o.x.data(), o.rows,
                               times == 1.0 ? Sum::fresh : Sum::onto, d_weight.data(),
                               d_bias.data());
      for (std::size_t i = 0; i < d_weight.size(); i += 11) {
        const double expected = times * o.weight_gradient(i / o.size.inputs, i % o.size.inputs);
        ASSERT_NEAR(d_weight[i], expected, 1e-3) << o.rows;
      }
      double sum = 0;
      for (std::size_t row = 0; row < o.rows; ++row) sum += o.dy[row * o.size.outputs + 3];
      EXPECT_NEAR(d_bias[3], times * sum, 1e-3);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(kinds, Fp32Products,
                         ::testing::Values(ProductsBy::fastest, ProductsBy::onednn),
                         [](const auto& chosen) {
                           return chosen.param == ProductsBy::onednn ? "onednn" : "fastest";
                         });

TEST(Int8Products, are_within_a_hundredth_of_the_sums) {
  if (!runs_int8()) GTEST_SKIP() << "this processor has no products of 8-bit numbers";
  Array<float> unused;
  for (const Operands& o : kCases) {
    PackedWeight<float> weight(o.size, Directions::forward, ProductsBy::int8);
    weight.pack(o.weight.data(), unused);
    std::vector<float> y(o.rows * o.size.outputs);
    Products<float>().forward(weight, o.bias.data(), o.x.data(), o.rows, y.data());
    double wrong = 0;
    double all = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double expected = o.output(i / o.size.outputs, i % o.size.outputs);
      wrong += (y[i] - expected) * (y[i] - expected);
      all += expected * expected;
    }
    EXPECT_LT(std::sqrt(wrong / all), 0.01) << o.rows;
  }
}

TEST(Fp16Products, are_within_two_thousandths_of_the_sums) {
  if (!runs_fp16()) GTEST_SKIP() << "this processor has no products of fp16 numbers";
  Array<float> unused;
  Products<float> products;  // The same scratch for all shapes: nothing of one is left in another.
  for (const Operands& o : kCases) {
    PackedWeight<float> weight(o.size, Directions::forward, ProductsBy::fp16);
    weight.pack(o.weight.data(), unused);
    std::vector<float> y(o.rows * o.size.outputs);
    products.forward(weight, o.bias.data(), o.x.data(), o.rows, y.data());
    double wrong = 0;
    double all = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double expected = o.output(i / o.size.outputs, i % o.size.outputs);
      wrong += (y[i] - expected) * (y[i] - expected);
      all += expected * expected;
    }
    EXPECT_LT(std::sqrt(wrong / all), 0.002) << o.rows;
  }
}

class MixedProducts : public ::testing::Test {
 protected:
  void SetUp() override {
    if (mixed_kernels() == nullptr)
      GTEST_SKIP() << "this processor has no products of fp16 numbers";
  }

  // Rows beyond the last are read in whole tiles.
  static std::vector<Half> halves(const std::vector<float>& values, std::size_t width) {
    std::vector<Half> out(values.size() + kHalfTileRows * width);
    kernels<Half>().convert(values.data(), out.data(), values.size());
    return out;
  }
  static std::vector<float> floats(const std::vector<Half>& values) {
    std::vector<float> out;
    for (const Half value : values) {
      const std::vector<Half> sixteen(16, value);
      float mean[16];
      kernels<Half>().mean_rows(sixteen.data(), 16, {0, 1, {}}, mean);
      out.push_back(mean[0]);
    }
    return out;
  }
  // The length of the differences over that of `expected(i)`.
  template <class Expected>
  static double error_of(const std::vector<float>& values, Expected expected) {
    double wrong = 0;
    double all = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      wrong += (values[i] - expected(i)) * (values[i] - expected(i));
      all += expected(i) * expected(i);
    }
    return std::sqrt(wrong / all);
  }
};

TEST_F(MixedProducts, forward_and_backward_are_the_sums) {
  Array<Half> unused;
  Products<Half> products;
  for (const Operands& o : kCases) {
    PackedWeight<Half> weight(o.size, Directions::both);
    weight.pack(o.weight.data(), unused);
    const auto x = halves(o.x, o.size.inputs);
    const auto dy = halves(o.dy, o.size.outputs);
    const auto output = [&](std::size_t i) {
      return o.output(i / o.size.outputs, i % o.size.outputs);
    };
    const auto input = [&](std::size_t i) {
      return o.input_gradient(i / o.size.inputs, i % o.size.inputs);
    };
    std::vector<float> y(o.rows * o.size.outputs);
    products.forward_wide(weight, o.bias.data(), x.data(), o.rows, y.data());
    EXPECT_LT(error_of(y, output), 0.002) << o.rows;
    std::vector<Half> narrow(y.size());
    products.forward(weight, o.bias.data(), x.data(), o.rows, narrow.data());
    EXPECT_LT(error_of(floats(narrow), output), 0.002) << o.rows;
    std::vector<float> dx(o.rows * o.size.inputs);
    products.backward_wide(weight, dy.data(), o.rows, dx.data());
    EXPECT_LT(error_of(dx, input), 0.002) << o.rows;
    narrow.resize(dx.size());
    products.backward(weight, dy.data(), o.rows, narrow.data());
    EXPECT_LT(error_of(floats(narrow), input), 0.002) << o.rows;
  }
}

TEST_F(MixedProducts, weight_gradients_replace_or_add) {
  Products<Half> products;
  for (const Operands& o : kCases) {
    const auto x = halves(o.x, o.size.inputs);
    const auto dy = halves(o.dy, o.size.outputs);
    std::vector<float> d_weight(o.size.outputs * o.size.inputs, 5.0F);
    std::vector<float> d_bias(o.size.outputs, 5.0F);
    for (const double times : {1.0, 2.0}) {
      products.weight_gradient(o.size, dy.data(), x.data(), o.rows,
                               times == 1.0 ? Sum::fresh : Sum::onto, d_weight.data(),
                               d_bias.data());
      EXPECT_LT(error_of(d_weight,
                         [&](std::size_t i) {
                           return times * o.weight_gradient(i / o.size.inputs, i % o.size.inputs);
                         }),
                0.002)
          << o.rows;
      double sum = 0;
      for (std::size_t row = 0; row < o.rows; ++row) sum += o.dy[row * o.size.outputs + 3];
      EXPECT_NEAR(d_bias[3], times * sum, 1e-2);
    }
  }
}

TEST(Int8Products, of_rows_of_one_value_and_of_no_weights_are_exact) {
  if (!runs_int8()) GTEST_SKIP() << "this processor has no products of 8-bit numbers";
  const std::vector<float> weights(std::size_t{48} * 64, 0.0F);
  const std::vector<float> bias(48, 0.25F);
  const std::vector<float> x(64, 3.0F);
  PackedWeight<float> weight({48, 64}, Directions::forward, ProductsBy::int8);
  Array<float> unused;
  weight.pack(weights.data(), unused);
  std::vector<float> y(48);
  Products<float>().forward(weight, bias.data(), x.data(), 1, y.data());
  EXPECT_TRUE(std::ranges::all_of(y, [](float value) { return value == 0.25F; }));
}

}  // namespace
}  // namespace cloudfolio::encoder

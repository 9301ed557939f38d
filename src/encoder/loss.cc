#include "encoder/loss.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "encoder/kernels.h"

namespace cloudfolio::encoder {
namespace {

bool same_group(std::uint64_t a, std::uint64_t b) {
  return a != 0 && a == b;
}

// Whether the positive of pair j competes with pair i's own.
bool is_candidate(std::span<const PairFacts> pairs, std::size_t i, std::size_t j) {
  return i == j || !(same_group(pairs[i].positive_group, pairs[j].positive_group) ||
                     same_group(pairs[i].anchor_group, pairs[j].anchor_group));
}

}  // namespace

double ranking_loss(const UnitVectors& vectors, std::span<const PairFacts> pairs, double scale,
                    std::span<double> scores, std::span<float> gradient) {
  const FloatKernels& k = float_kernels();
  const std::size_t count = pairs.size();
  const std::size_t n = vectors.dimension;
  const auto row = [&](std::size_t i) { return vectors.rows + i * n; };
  std::fill(gradient.begin(), gradient.end(), 0.0F);
  double loss = 0;
  for (std::size_t i = 0; i < count; ++i) {
    double top = -std::numeric_limits<double>::infinity();
    for (std::size_t j = 0; j < count; ++j) {
      if (!is_candidate(pairs, i, j)) continue;
      scores[j] = scale * static_cast<double>(k.dot(row(2 * i), row(2 * j + 1), n));
      top = std::max(top, scores[j]);
    }
    double total = 0;
    for (std::size_t j = 0; j < count; ++j) {
      if (is_candidate(pairs, i, j)) total += std::exp(scores[j] - top);
    }
    loss += top + std::log(total) - scores[i];
    for (std::size_t j = 0; j < count; ++j) {
      if (!is_candidate(pairs, i, j)) continue;
      const double probability = std::exp(scores[j] - top) / total;
      const double d = (probability - (i == j ? 1.0 : 0.0)) * scale / static_cast<double>(count);
      const auto factor = static_cast<float>(d);
      k.add_scaled(gradient.data() + 2 * i * n, row(2 * j + 1), factor, n);
      k.add_scaled(gradient.data() + (2 * j + 1) * n, row(2 * i), factor, n);
    }
  }
  return loss / static_cast<double>(count);
}

double cosine_loss(const UnitVectors& vectors, std::span<const PairFacts> pairs,
                   std::span<float> gradient) {
  const FloatKernels& k = float_kernels();
  const std::size_t n = vectors.dimension;
  std::fill(gradient.begin(), gradient.end(), 0.0F);
  double loss = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const float* anchor = vectors.rows + 2 * i * n;
    const float* positive = anchor + n;
    const double miss = static_cast<double>(k.dot(anchor, positive, n)) - pairs[i].label;
    loss += miss * miss;
    const auto factor = static_cast<float>(2.0 * miss / static_cast<double>(pairs.size()));
    k.add_scaled(gradient.data() + 2 * i * n, positive, factor, n);
    k.add_scaled(gradient.data() + (2 * i + 1) * n, anchor, factor, n);
  }
  return loss / static_cast<double>(pairs.size());
}

}  // namespace cloudfolio::encoder

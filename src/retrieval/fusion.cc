#include "retrieval/fusion.h"

#include <algorithm>
#include <cmath>

namespace cloudfolio::retrieval {

std::vector<FusedScore> fuse(std::span<const float> lexical, std::span<const float> dense,
                             FusionWeights weights) {
  std::vector<FusedScore> fused(lexical.size());
  float lexical_best = 0;
  for (const float score : lexical) lexical_best = std::max(lexical_best, score);
  float dense_best = 0;
  float dense_worst = 0;
  bool any = false;
  for (const float score : dense) {
    if (!std::isfinite(score)) continue;
    dense_best = any ? std::max(dense_best, score) : score;
    dense_worst = any ? std::min(dense_worst, score) : score;
    any = true;
  }
  const double width = static_cast<double>(dense_best) - static_cast<double>(dense_worst);
  const double all = weights.lexical + weights.dense;
  for (std::size_t i = 0; i < fused.size(); ++i) {
    FusedScore& score = fused[i];
    if (lexical_best > 0) score.lexical = static_cast<double>(lexical[i] / lexical_best);
    const bool has_vector = i < dense.size() && std::isfinite(dense[i]);
    if (!has_vector || !(all > 0)) {
      score.total = score.lexical;
      continue;
    }
    if (width > 0)
      score.dense = (static_cast<double>(dense[i]) - static_cast<double>(dense_worst)) / width;
    score.total = (weights.lexical * score.lexical + weights.dense * score.dense) / all;
  }
  return fused;
}

}  // namespace cloudfolio::retrieval

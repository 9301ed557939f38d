#include "retrieval/fusion.h"

#include <algorithm>
#include <cmath>

namespace cloudfolio::retrieval {

std::vector<FusedScore> fuse(std::span<const float> lexical, std::span<const float> coverage,
                             std::span<const float> dense, FusionWeights weights) {
  float lexical_best = 0;
  for (const float score : lexical) lexical_best = std::max(lexical_best, score);
  float covered = 0;
  for (const float share : coverage) covered = std::max(covered, share);
  const double scale =
      lexical_best > 0 ? static_cast<double>(covered) / static_cast<double>(lexical_best) : 0.0;
  double best = 0;
  double worst = 1;
  for (const float score : dense) {
    if (!std::isfinite(score)) continue;
    best = std::max(best, static_cast<double>(score));
    worst = std::min(worst, std::max(0.0, static_cast<double>(score)));
  }
  const double all = weights.lexical + weights.dense;
  std::vector<FusedScore> fused(lexical.size());
  for (std::size_t i = 0; i < fused.size(); ++i) {
    FusedScore& score = fused[i];
    score.lexical = std::min(1.0, static_cast<double>(lexical[i]) * scale);
    if (dense.empty() || !(all > 0)) {
      score.total = score.lexical;
      continue;
    }
    const bool has_vector = std::isfinite(dense[i]);
    const double placed = best > worst ? worst + (best - worst) * score.lexical : score.lexical;
    score.dense = has_vector ? std::clamp(static_cast<double>(dense[i]), 0.0, 1.0) : placed;
    score.total = (weights.lexical * score.lexical + weights.dense * score.dense) / all;
  }
  return fused;
}

}  // namespace cloudfolio::retrieval

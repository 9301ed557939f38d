#include "retrieval/fusion.h"

#include <algorithm>
#include <cmath>

namespace cloudfolio::retrieval {
namespace {

// Cosines of a question and texts that have nothing to do with it, and as how many documents these
// count beside the portfolio's own.
constexpr double kUnrelatedMean = 0.1;
constexpr double kUnrelatedDeviation = 0.1;
constexpr double kUnrelatedCount = 10;

constexpr double kOfMean = 0.2;        // The dense score of a cosine that is the mean.
constexpr double kOfDeviation = 0.1;   // And what each standard deviation adds,
constexpr double kStraightMax = 0.85;  // up to here; above, ever less, so that 1 is never reached.

class DenseScale {
 public:
  explicit DenseScale(std::span<const float> cosines) {
    double count = kUnrelatedCount;
    double sum = kUnrelatedCount * kUnrelatedMean;
    for (const float cosine : cosines) {
      if (!std::isfinite(cosine)) continue;
      count += 1;
      sum += static_cast<double>(cosine);
    }
    mean_ = sum / count;
    const double away = kUnrelatedMean - mean_;
    double squares = kUnrelatedCount * (kUnrelatedDeviation * kUnrelatedDeviation + away * away);
    for (const float cosine : cosines) {
      if (!std::isfinite(cosine)) continue;
      const double distance = static_cast<double>(cosine) - mean_;
      squares += distance * distance;
    }
    deviation_ = std::sqrt(squares / count);
  }

  double of(float cosine) const {
    const double score =
        kOfMean + kOfDeviation * (static_cast<double>(cosine) - mean_) / deviation_;
    if (score <= kStraightMax) return std::max(0.0, score);
    const double room = 1.0 - kStraightMax;
    return 1.0 - room * std::exp((kStraightMax - score) / room);
  }

 private:
  double mean_ = 0;
  double deviation_ = 1;
};

}  // namespace

std::vector<FusedScore> fuse(std::span<const float> lexical, std::span<const float> coverage,
                             std::span<const float> dense, FusionWeights weights) {
  float lexical_best = 0;
  for (const float score : lexical) lexical_best = std::max(lexical_best, score);
  float covered = 0;
  for (const float share : coverage) covered = std::max(covered, share);
  const double scale =
      lexical_best > 0 ? std::sqrt(static_cast<double>(covered)) / static_cast<double>(lexical_best)
                       : 0.0;
  const DenseScale meaning(dense);
  double best = 0;
  double worst = 1;
  for (const float cosine : dense) {
    if (!std::isfinite(cosine)) continue;
    best = std::max(best, meaning.of(cosine));
    worst = std::min(worst, meaning.of(cosine));
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
    const double placed = best > worst ? worst + (best - worst) * score.lexical : score.lexical;
    score.dense = std::isfinite(dense[i]) ? meaning.of(dense[i]) : placed;
    score.total = (weights.lexical * score.lexical + weights.dense * score.dense) / all;
  }
  return fused;
}

}  // namespace cloudfolio::retrieval

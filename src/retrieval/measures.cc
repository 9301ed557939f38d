#include "retrieval/measures.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace cloudfolio::retrieval {
namespace {

double discount(std::size_t rank) {
  return 1.0 / std::log2(static_cast<double>(rank) + 1.0);
}

double dcg_at(std::size_t k, std::span<const double> gains) {
  double sum = 0;
  for (std::size_t i = 0; i < std::min(k, gains.size()); ++i) sum += gains[i] * discount(i + 1);
  return sum;
}

std::vector<double> resampled_means(std::span<const double> values, Random random,
                                    std::size_t resample_count) {
  std::vector<double> means(resample_count);
  for (double& mean : means) {
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += values[random.below(values.size())];
    mean = sum / static_cast<double>(values.size());
  }
  return means;
}

}  // namespace

double ndcg_at(std::size_t k, std::span<const double> gains_in_rank_order,
               std::span<const double> all_gains) {
  std::vector<double> best(all_gains.begin(), all_gains.end());
  std::sort(best.begin(), best.end(), std::greater<>());
  const double ideal = dcg_at(k, best);
  return ideal > 0 ? dcg_at(k, gains_in_rank_order) / ideal : 0.0;
}

double ndcg_at(std::size_t k, std::size_t rank) {
  return rank == 0 || rank > k ? 0.0 : discount(rank);
}

std::size_t rank_of(std::size_t document, std::span<const float> scores) {
  std::size_t rank = 1;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    // A score that is not a number never wins.
    if (i != document && !(scores[i] < scores[document])) ++rank;
  }
  return rank;
}

BootstrapBound paired_bootstrap(std::span<const double> differences, double confidence,
                                Random random, std::size_t resample_count) {
  if (differences.empty() || resample_count == 0) return {};
  std::vector<double> means = resampled_means(differences, random, resample_count);
  const auto at =
      static_cast<std::ptrdiff_t>((1.0 - confidence) * static_cast<double>(resample_count));
  std::nth_element(means.begin(), means.begin() + at, means.end());
  return {mean_of(differences), means[static_cast<std::size_t>(at)]};
}

BootstrapInterval bootstrap_interval(std::span<const double> values, double confidence,
                                     Random random, std::size_t resample_count) {
  if (values.empty() || resample_count == 0) return {};
  std::vector<double> means = resampled_means(values, random, resample_count);
  std::sort(means.begin(), means.end());
  const double tail = (1.0 - confidence) / 2.0;
  const auto at = [&](double share) {
    return means[static_cast<std::size_t>(share * static_cast<double>(means.size() - 1))];
  };
  return {mean_of(values), at(tail), at(1.0 - tail)};
}

double mean_of(std::span<const double> values) {
  if (values.empty()) return 0;
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

}  // namespace cloudfolio::retrieval

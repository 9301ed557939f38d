#include "evaluation/measures.h"

#include <algorithm>

#include "base/random.h"
#include "retrieval/measures.h"

namespace cloudfolio::evaluation {
namespace {

double recall_at(std::size_t k, const std::vector<std::size_t>& ranks) {
  const auto found = std::count_if(ranks.begin(), ranks.end(),
                                   [&](std::size_t rank) { return rank != 0 && rank <= k; });
  return static_cast<double>(found) / static_cast<double>(ranks.size());
}

}  // namespace

QuestionScore score_of(std::vector<std::size_t> ranks) {
  QuestionScore score;
  if (ranks.empty()) return score;
  std::sort(ranks.begin(), ranks.end());
  std::size_t last = 0;
  for (std::size_t& rank : ranks) {
    if (rank == 0) continue;
    rank = std::max(rank, last + 1);
    last = rank;
  }
  std::vector<double> gains(kRanks, 0.0);
  for (const std::size_t rank : ranks) {
    if (rank == 0 || rank > kRanks) continue;
    gains[rank - 1] = 1.0;
    score.mrr10 = std::max(score.mrr10, 1.0 / static_cast<double>(rank));
  }
  score.ndcg10 = retrieval::ndcg_at(kRanks, gains, std::vector<double>(ranks.size(), 1.0));
  score.recall1 = recall_at(1, ranks);
  score.recall3 = recall_at(3, ranks);
  score.recall10 = recall_at(10, ranks);
  return score;
}

Interval interval_of(std::span<const double> values, Resampling resampling) {
  const auto interval = retrieval::bootstrap_interval(values, kIntervalConfidence,
                                                      Random(resampling.seed), resampling.count);
  return {interval.mean, interval.low, interval.high};
}

Measures measures_of(std::span<const QuestionScore> scores, Resampling resampling) {
  const auto of = [&](double QuestionScore::*member) {
    std::vector<double> values;
    for (const QuestionScore& score : scores) values.push_back(score.*member);
    return interval_of(values, resampling);
  };
  return {of(&QuestionScore::ndcg10), of(&QuestionScore::mrr10), of(&QuestionScore::recall1),
          of(&QuestionScore::recall3), of(&QuestionScore::recall10)};
}

}  // namespace cloudfolio::evaluation

#pragma once
// How well one ranking answers many questions, with the interval of each mean.
//
// nDCG@10 as retrieval/measures.h has it, with gain 1 for what is relevant; MRR@10: 1 / rank of the
// first relevant one among the first ten, else 0; Recall@k: the share of what is relevant that is
// among the first k. Intervals: percentile bootstrap over the questions (Efron and Tibshirani,
// 1993), 95 %, seeded, so that the same run gives the same figures everywhere.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace cloudfolio::evaluation {

inline constexpr std::size_t kRanks = 10;
inline constexpr double kIntervalConfidence = 0.95;

// Of one question.
struct QuestionScore {
  double ndcg10 = 0;
  double mrr10 = 0;
  double recall1 = 0;
  double recall3 = 0;
  double recall10 = 0;
};

// `ranks`: 1-based, of everything relevant; 0: not found at all. Several may share a rank (equal
// scores): each takes a place of its own behind it.
QuestionScore score_of(std::vector<std::size_t> ranks);

struct Interval {
  double mean = 0;
  double low = 0;
  double high = 0;
};

struct Measures {
  Interval ndcg10;
  Interval mrr10;
  Interval recall1;
  Interval recall3;
  Interval recall10;
};

struct Resampling {
  std::uint64_t seed = 42;
  std::size_t count = 2'000;
};

Measures measures_of(std::span<const QuestionScore> scores, Resampling resampling);
Interval interval_of(std::span<const double> values, Resampling resampling);

}  // namespace cloudfolio::evaluation

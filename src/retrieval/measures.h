#pragma once
// How good a ranking is, and how sure we are that one is better than another.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"

namespace cloudfolio::retrieval {

// nDCG@k with gains as they are (Järvelin and Kekäläinen, 2002): Σ gain_i / log2(i + 1) over the
// first k ranks, divided by that of the best order of `all_gains`. 0 where nothing is relevant.
double ndcg_at(std::size_t k, std::span<const double> gains_in_rank_order,
               std::span<const double> all_gains);
// The same for one relevant document at `rank` (1-based; 0: not found).
double ndcg_at(std::size_t k, std::size_t rank);

// The 1-based rank of `document` when documents are ordered by descending score; ties are counted
// as lost to every other document of the same score, so that a constant score earns nothing.
std::size_t rank_of(std::size_t document, std::span<const float> scores);

// Paired bootstrap over queries (Efron and Tibshirani, 1993): the mean difference, and the value
// that the mean stays above with probability `confidence` when queries are drawn again with
// replacement.
struct BootstrapBound {
  double mean = 0;
  double lower = 0;
};
inline constexpr std::size_t kResampleCount = 10'000;
BootstrapBound paired_bootstrap(std::span<const double> differences, double confidence,
                                Random random, std::size_t resample_count = kResampleCount);

// Percentile bootstrap of a mean over queries: the middle `confidence` of the resampled means.
struct BootstrapInterval {
  double mean = 0;
  double low = 0;
  double high = 0;
};
BootstrapInterval bootstrap_interval(std::span<const double> values, double confidence,
                                     Random random, std::size_t resample_count);

double mean_of(std::span<const double> values);

}  // namespace cloudfolio::retrieval

#pragma once
// What the numbers that vectors are computed in cost a ranking: the base model alone, untrained, so
// that many seeds' questions can be asked of one portfolio.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "cache/bundle.h"
#include "encoder/model.h"
#include "encoder/precision.h"

namespace cloudfolio::bench {

struct PrecisionFigures {
  encoder::Precision precision = encoder::Precision::fp32;
  std::size_t questions = 0;  // Over all seeds; a question may be among several seeds' ones.
  double dense = 0;           // nDCG@10, the mean over questions.
  double hybrid = 0;
};

// The held-out questions of `seed_count` seeds from `first_seed` on, in each precision that this
// processor has, fp32 first.
Result<std::vector<PrecisionFigures>> measure_precisions(const encoder::Model& model,
                                                         const cache::Bundle& bundle,
                                                         std::uint64_t first_seed,
                                                         std::size_t seed_count);

}  // namespace cloudfolio::bench

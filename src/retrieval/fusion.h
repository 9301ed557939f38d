#pragma once
// Two rankings as one: lexical and dense scores, each brought to 0…1 for this query, and weighted.
//
// Promises: monotone in both scores; the order of documents depends on the query alone, not on how
// many are asked for.

#include <span>
#include <string_view>
#include <vector>

namespace cloudfolio::retrieval {

inline constexpr std::string_view kFusionRecipe = "weighted-1";

struct FusionWeights {
  double lexical = 0.5;
  double dense = 0.5;
};

struct FusedScore {
  double lexical = 0;  // 0…1: the score divided by the query's best.
  double dense = 0;    // 0…1: between the query's worst and best cosine.
  double total = 0;    // 0…1: the weighted mean.
};

// One a document. `dense` may be empty: then the total is the lexical part alone. A document that
// has no vector yet has NaN there, and is judged by its words alone.
std::vector<FusedScore> fuse(std::span<const float> lexical, std::span<const float> dense,
                             FusionWeights weights);

}  // namespace cloudfolio::retrieval

#pragma once
// Two rankings as one: lexical and dense scores, each within 0…1, and weighted.
//
// The lexical score is divided by the query's best and multiplied by the square root of the share
// of the query that its best document has at all: where words find little, meaning decides. The
// dense score says how far a document's cosine stands out from the other documents', in standard
// deviations: a query that is a little like everything tells documents apart by less than one that
// is like few. Of a small portfolio, mean and deviation are drawn towards those of unrelated texts.
// Compared with eleven other ways on two splits of seven portfolios:
// docs/decisions/search-fusion.md.
//
// Promises: monotone in both scores; the order of documents depends on the query alone, not on how
// many are asked for.

#include <span>
#include <vector>

namespace cloudfolio::retrieval {

struct FusionWeights {
  double lexical = 0.3;
  double dense = 0.7;
};

struct FusedScore {
  double lexical = 0;  // 0…1
  double dense = 0;    // 0…1: about 0.2 for a text like any other, 0.1 more a standard deviation.
  double total = 0;    // 0…1: the weighted mean.
};

// One a document. `coverage` as LexicalIndex::coverage. `dense` may be empty: then the total is the
// lexical part alone. A document that has no vector yet has NaN there: its words place it between
// the worst and the best dense score of the others.
std::vector<FusedScore> fuse(std::span<const float> lexical, std::span<const float> coverage,
                             std::span<const float> dense, FusionWeights weights);

}  // namespace cloudfolio::retrieval

#pragma once
// Words beside meaning in a training: how much they count in this portfolio, chosen on the
// questions that are learnt, and how good the search is that comes of it.
//
// Each weight of a grid ranks the sections for the training questions, by the base model's vectors:
// the tuned model knows these questions by heart and would want no words at all. The held-out
// questions, which judge, are never looked at. A few questions say little, so the weight is drawn
// towards kLexicalPrior as strongly as kPriorQuestions questions would.

#include <cstddef>
#include <span>
#include <vector>

#include "base/result.h"
#include "retrieval/fusion.h"
#include "retrieval/lexical.h"
#include "training/pairs.h"

namespace cloudfolio::encoder {
class Encoder;
}

namespace cloudfolio::training {

struct Scores;

// Of seven real portfolios' training questions together; docs/decisions/search-fusion.md.
inline constexpr double kLexicalPrior = 0.3;
inline constexpr double kPriorQuestions = 100;

struct FusionChoice {
  double lexical = kLexicalPrior;  // The dense weight is the rest of 1.
  std::size_t question_count = 0;
  double ndcg10 = 0;  // Of these questions with this weight.
};

// The words of a set's candidates: a ranking beside the one by vectors.
// Threads: const calls are thread-safe. The set must outlive it.
class CandidateWords {
 public:
  explicit CandidateWords(const TrainingSet& set);

  // `candidate_vectors`: the base model's, row by row. The same set and vectors give the same
  // choice.
  Result<FusionChoice> choose(const encoder::Encoder& base,
                              std::span<const float> candidate_vectors) const;

  // nDCG@10 of each held-out query by words and meaning, from the vectors in `scores`.
  std::vector<double> search_scores(const Scores& scores, retrieval::FusionWeights weights) const;

 private:
  const TrainingSet& set_;
  const retrieval::LexicalIndex words_;
};

}  // namespace cloudfolio::training

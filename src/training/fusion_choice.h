#pragma once
// How much words count beside meaning in this portfolio, chosen on the questions that are learnt.
//
// Each weight of a grid ranks the sections for the training questions, by the base model's vectors:
// the tuned model knows these questions by heart and would want no words at all. The held-out
// questions, which judge, are never looked at. A few questions say little, so the weight is drawn
// towards kLexicalPrior as strongly as kPriorQuestions questions would.

#include <cstddef>
#include <span>
#include <vector>

#include "base/result.h"
#include "training/pairs.h"

namespace cloudfolio::encoder {
class Encoder;
}

namespace cloudfolio::training {

// Of seven real portfolios' training questions together; docs/decisions/training-recipe.md.
inline constexpr double kLexicalPrior = 0.3;
inline constexpr double kPriorQuestions = 100;

struct FusionChoice {
  double lexical = kLexicalPrior;  // The dense weight is the rest of 1.
  std::size_t question_count = 0;
  double ndcg10 = 0;  // Of these questions with this weight.
};

// `candidate_vectors`: the base model's, row by row. The same set and vectors give the same choice.
Result<FusionChoice> choose_fusion(const encoder::Encoder& base, const TrainingSet& set,
                                   std::span<const float> candidate_vectors);

}  // namespace cloudfolio::training

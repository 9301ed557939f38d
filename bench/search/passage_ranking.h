#pragma once
// Lexical, dense and fused rankings of a training set's sections, over its held-out questions.

#include <string_view>

#include "base/result.h"
#include "cache/bundle.h"
#include "encoder/encoder.h"
#include "training/pairs.h"

namespace cloudfolio::bench {

// nDCG@10 of BM25, of the encoder, and of their fusion at several weights; on the held-out
// questions, and on the questions that were learnt (from which weights may be chosen).
Status print_fusion(const cache::Bundle& bundle, const training::TrainingSet& set,
                    const encoder::Encoder& encoder, std::string_view name);

}  // namespace cloudfolio::bench

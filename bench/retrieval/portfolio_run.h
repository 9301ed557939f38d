#pragma once
// One split of one owner's portfolio: trained as the program trains, measured as it searches.

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "cache/bundle.h"
#include "cached_embedder.h"
#include "evaluation/query_set.h"
#include "training/recipe.h"

namespace cloudfolio::bench {

struct SplitFigures {
  bool trained = false;  // False: too little evidence; the base model answers.
  std::size_t questions = 0;
  double bm25 = 0;  // nDCG@10 of passages.
  double base = 0;
  double tuned = 0;
  double hybrid_base = 0;
  double hybrid_tuned = 0;
  bool published = false;
  std::string reason;
  double lexical_weight = 0;
  double train_seconds = 0;
  std::size_t tokens = 0;
  double guard_ratio = 0;  // Tuned over base.
  // Repositories by the authors' descriptions; nullopt where there are none.
  std::optional<double> repository_base;
  std::optional<double> repository_bm25;
  std::optional<double> repository_hybrid_base;
  std::optional<double> repository_hybrid_tuned;
  // Vectors in 8 bits; where that was asked for.
  std::optional<double> base_int8;
  std::optional<double> tuned_int8;

  double published_search() const { return published ? hybrid_tuned : hybrid_base; }
};

enum class Int8 : std::uint8_t { leave_out, measure };

struct SplitRequest {
  const cache::Bundle& bundle;
  // Descriptions; empty: the owner has none. Their texts are withheld from training too, so that
  // one model serves both levels.
  const evaluation::QuerySet& descriptions;
  training::Recipe recipe;  // Its seed names the split.
  Int8 int8 = Int8::leave_out;
};

Result<SplitFigures> run_split(const encoder::Model& base_model, const CachedEmbedder& base,
                               const SplitRequest& request, const Clock& clock);

}  // namespace cloudfolio::bench

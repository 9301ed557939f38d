#pragma once
// Rankings of a portfolio measured over a query set: words alone, each model alone, the search that
// is published, and the original system's formula.
//
// Each is asked the same questions of the same text. `hybrid` is search/ranking.h as it answers,
// exact names included. A ranking of chunks is one of repositories or sections by the best chunk of
// each; equal scores count as lost to each other. Questions are asked as plain words: filters are
// not read.
//
// Promises: the same portfolio, set, models and seed give the same figures, everywhere for `bm25`,
// on processors of the same type for the others.

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "cache/tenant_cache.h"
#include "evaluation/measures.h"
#include "evaluation/query_set.h"
#include "search/ranking.h"

namespace cloudfolio::search {
class TextEmbedder;
}

namespace cloudfolio::evaluation {

// Null: rankings that need it are left out.
struct Models {
  const search::TextEmbedder* base = nullptr;
  const search::TextEmbedder* tuned = nullptr;
};

struct RankingReport {
  // "bm25", "base", "tuned", "hybrid_base" (search with the base model), "hybrid" (search with the
  // model that answers: the tuned one where there is one), "original".
  std::string name;
  std::vector<QuestionScore> scores;  // One a question that was asked.
  Measures measures;
};

struct EvaluationReport {
  std::string name;
  std::string login;
  Level level = Level::passage;
  std::size_t question_count = 0;
  std::size_t candidate_count = 0;  // Repositories or sections that were ranked.
  // Questions whose relevant ones the portfolio does not have: not asked.
  std::vector<std::string> unanswerable;
  std::vector<RankingReport> rankings;

  const RankingReport* find(std::string_view ranking) const;
};

struct EvaluationOptions {
  Resampling resampling;
  retrieval::FusionWeights weights = search::kFusionWeights;  // Of "hybrid", with the tuned model.
};

// Errors: invalid_argument where no question can be answered; the models' own.
Result<EvaluationReport> evaluate(const QuerySet& set, const cache::Publication& publication,
                                  const Models& models, const EvaluationOptions& options);

// What `eval --json` prints: one object; docs/operating/cli.md lists its fields.
std::string to_json(const EvaluationReport& report);

}  // namespace cloudfolio::evaluation

#include "portfolio_run.h"

#include <chrono>
#include <memory>
#include <utility>

#include "evaluation/evaluation.h"
#include "evaluation/withheld.h"
#include "training/fine_tuning.h"
#include "training/fusion_choice.h"
#include "training/gate.h"
#include "training/pairs.h"

namespace cloudfolio::bench {
namespace {

using evaluation::EvaluationReport;
using evaluation::QuerySet;

double ndcg(const EvaluationReport& report, std::string_view ranking) {
  const auto* found = report.find(ranking);
  return found == nullptr ? 0.0 : found->measures.ndcg10.mean;
}

Status measure_repositories(const QuerySet& descriptions, const cache::Publication& publication,
                            const evaluation::Models& models,
                            const evaluation::EvaluationOptions& options, SplitFigures& figures) {
  if (descriptions.questions.empty()) return Done();
  CF_TRY(const EvaluationReport report,
         evaluation::evaluate(descriptions, publication, models, options));
  figures.repository_base = ndcg(report, "base");
  figures.repository_bm25 = ndcg(report, "bm25");
  figures.repository_hybrid_base = ndcg(report, "hybrid_base");
  figures.repository_hybrid_tuned = ndcg(report, "hybrid");
  return Done();
}

Status measure_int8(const encoder::Model& base_model, const encoder::Model& tuned_model,
                    const QuerySet& passages, const cache::Publication& publication,
                    const evaluation::EvaluationOptions& options, SplitFigures& figures) {
  CF_TRY(const auto base, CachedEmbedder::open(base_model, encoder::Precision::int8, "base:int8"));
  CF_TRY(const auto tuned, CachedEmbedder::open(tuned_model, encoder::Precision::int8, "int8"));
  CF_TRY(const EvaluationReport report,
         evaluation::evaluate(passages, publication, {base.get(), tuned.get()}, options));
  figures.base_int8 = ndcg(report, "base");
  figures.tuned_int8 = ndcg(report, "tuned");
  return Done();
}

}  // namespace

Result<SplitFigures> run_split(const encoder::Model& base_model, const CachedEmbedder& base,
                               const SplitRequest& request, const Clock& clock) {
  const auto bundle = std::make_shared<const cache::Bundle>(
      evaluation::without(request.bundle, request.descriptions.withheld));
  training::PairOptions pair_options;
  pair_options.seed = request.recipe.seed;
  const training::TrainingSet set = training::make_training_set(*bundle, pair_options);
  cache::Publication publication;
  publication.bundle = bundle;
  SplitFigures figures;
  figures.reason = training::reason_against(set);
  if (!figures.reason.empty()) {
    CF_CHECK(
        measure_repositories(request.descriptions, publication, {&base, nullptr}, {}, figures));
    return figures;
  }
  figures.trained = true;
  const auto started = clock.now();
  const training::CandidateWords words(set);
  CF_TRY(training::Scores base_scores, training::score(base.encoder(), set));
  CF_TRY(const training::FusionChoice fusion,
         words.choose(base.encoder(), base_scores.candidate_vectors));
  const retrieval::FusionWeights weights{.lexical = fusion.lexical, .dense = 1.0 - fusion.lexical};
  figures.lexical_weight = fusion.lexical;
  CF_TRY(const training::TunedModel tuned,
         training::fine_tune({}, base_model, set, request.recipe, clock, {}));
  figures.tokens = tuned.token_count;
  CF_TRY(const auto embedder,
         CachedEmbedder::open(tuned.model, encoder::Precision::automatic, "tuned"));
  CF_TRY(training::Scores tuned_scores, training::score(embedder->encoder(), set));
  base_scores.search = words.search_scores(base_scores, search::kFusionWeights);
  tuned_scores.search = words.search_scores(tuned_scores, weights);
  const training::Verdict verdict = training::judge(base_scores, tuned_scores, request.recipe.seed);
  figures.train_seconds = std::chrono::duration<double>(clock.now() - started).count();
  figures.published = verdict.published;
  figures.reason = verdict.reason;
  figures.guard_ratio = verdict.tuned_guard / verdict.base_guard;

  evaluation::EvaluationOptions options;
  options.weights = weights;
  const QuerySet passages = evaluation::held_out_questions(*bundle, request.recipe.seed);
  const evaluation::Models models{&base, embedder.get()};
  CF_TRY(const EvaluationReport report,
         evaluation::evaluate(passages, publication, models, options));
  figures.questions = report.question_count;
  figures.bm25 = ndcg(report, "bm25");
  figures.base = ndcg(report, "base");
  figures.tuned = ndcg(report, "tuned");
  figures.hybrid_base = ndcg(report, "hybrid_base");
  figures.hybrid_tuned = ndcg(report, "hybrid");
  CF_CHECK(measure_repositories(request.descriptions, publication, models, options, figures));
  if (request.int8 == Int8::measure) {
    CF_CHECK(measure_int8(base_model, tuned.model, passages, publication, options, figures));
  }
  return figures;
}

}  // namespace cloudfolio::bench

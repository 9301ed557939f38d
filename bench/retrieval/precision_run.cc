#include "precision_run.h"

#include <memory>

#include "cached_embedder.h"
#include "evaluation/evaluation.h"

namespace cloudfolio::bench {
namespace {

using encoder::Precision;

double total(const evaluation::EvaluationReport& report, std::string_view ranking) {
  const auto* found = report.find(ranking);
  return found == nullptr ? 0.0
                          : found->measures.ndcg10.mean * static_cast<double>(found->scores.size());
}

}  // namespace

Result<std::vector<PrecisionFigures>> measure_precisions(const encoder::Model& model,
                                                         const cache::Bundle& bundle,
                                                         std::uint64_t first_seed,
                                                         std::size_t seed_count) {
  std::vector<Precision> precisions{Precision::fp32};
  if (encoder::runs_fp16()) precisions.push_back(Precision::fp16);
  if (encoder::runs_int8()) precisions.push_back(Precision::int8);
  cache::Publication publication;
  publication.bundle = std::make_shared<const cache::Bundle>(bundle);
  std::vector<PrecisionFigures> all;
  for (const Precision precision : precisions) {
    CF_TRY(const auto base, CachedEmbedder::open(model, precision, "base"));
    PrecisionFigures figures{.precision = precision};
    for (std::size_t i = 0; i < seed_count; ++i) {
      const auto questions = evaluation::held_out_questions(bundle, first_seed + i);
      if (questions.questions.empty()) continue;
      CF_TRY(const auto report,
             evaluation::evaluate(questions, publication, {base.get(), nullptr}, {}));
      figures.questions += report.question_count;
      figures.dense += total(report, "base");
      figures.hybrid += total(report, "hybrid_base");
    }
    if (figures.questions > 0) {
      figures.dense /= static_cast<double>(figures.questions);
      figures.hybrid /= static_cast<double>(figures.questions);
    }
    all.push_back(figures);
  }
  return all;
}

}  // namespace cloudfolio::bench

#include "training/gate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "base/ensure.h"
#include "base/random.h"
#include "encoder/encoder.h"
#include "retrieval/measures.h"
#include "training/guard_set.h"

namespace cloudfolio::training {
namespace {

constexpr std::size_t kRanks = 10;  // nDCG@10

float dot(std::span<const float> a, std::span<const float> b) {
  float sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

bool all_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

}  // namespace

double ndcg_of(const std::vector<float>& scores, const std::vector<std::size_t>& relevant) {
  std::vector<double> gains(kRanks, 0.0);
  std::vector<std::size_t> ranks;
  for (const std::size_t section : relevant) {
    ranks.push_back(retrieval::rank_of(section, scores));
  }
  // Sections of equal scores share their worst rank; each still takes a place of its own.
  std::sort(ranks.begin(), ranks.end());
  std::size_t last = 0;
  for (std::size_t rank : ranks) {
    rank = std::max(rank, last + 1);
    last = rank;
    if (rank <= kRanks) gains[rank - 1] = 1.0;
  }
  const std::vector<double> all(relevant.size(), 1.0);
  return retrieval::ndcg_at(kRanks, gains, all);
}

std::vector<double> held_out_scores(const TrainingSet& set, std::span<const float> query_vectors,
                                    std::span<const float> candidate_vectors,
                                    std::size_t dimension) {
  CF_ENSURE(query_vectors.size() == set.queries.size() * dimension, query_vectors.size());
  CF_ENSURE(candidate_vectors.size() == set.candidates.size() * dimension,
            candidate_vectors.size());
  std::vector<double> out;
  std::vector<float> scores(set.section_count);
  for (std::size_t q = 0; q < set.queries.size(); ++q) {
    std::fill(scores.begin(), scores.end(), -std::numeric_limits<float>::infinity());
    const auto query = query_vectors.subspan(q * dimension, dimension);
    for (std::size_t c = 0; c < set.candidates.size(); ++c) {
      float& best = scores[set.candidates[c].section];
      best = std::max(best, dot(query, candidate_vectors.subspan(c * dimension, dimension)));
    }
    out.push_back(ndcg_of(scores, set.queries[q].relevant_sections));
  }
  return out;
}

Result<Scores> score(const encoder::Encoder& encoder, const TrainingSet& set) {
  return score(encoder, set, judged_tokens(encoder, set));
}

std::vector<encoder::TokenIds> judged_tokens(const encoder::Encoder& encoder,
                                             const TrainingSet& set) {
  std::vector<encoder::TokenIds> judged;
  for (const HeldOutQuery& query : set.queries) judged.push_back(encoder.tokens(query.query));
  for (const Candidate& one : set.candidates) judged.push_back(encoder.tokens(one.text));
  for (const GuardPair& pair : guard_set()) judged.push_back(encoder.tokens(pair.question));
  for (const GuardPair& pair : guard_set()) judged.push_back(encoder.tokens(pair.passage));
  return judged;
}

Result<Scores> score(const encoder::Encoder& encoder, const TrainingSet& set,
                     const std::vector<encoder::TokenIds>& judged) {
  CF_TRY(const encoder::Embeddings rows, encoder.embedder().embed(judged));
  const std::size_t dimension = encoder.dimension();
  const std::span<const float> all = rows.values();
  const auto part = [&](std::size_t from, std::size_t count) {
    return all.subspan(from * dimension, count * dimension);
  };
  const std::size_t query_count = set.queries.size();
  const std::size_t candidate_count = set.candidates.size();
  const std::size_t guard_count = guard_set().size();
  CF_ENSURE(judged.size() == query_count + candidate_count + 2 * guard_count, judged.size());
  Scores scores;
  scores.held_out =
      held_out_scores(set, part(0, query_count), part(query_count, candidate_count), dimension);
  const auto queries = part(0, query_count);
  scores.query_vectors.assign(queries.begin(), queries.end());
  const auto candidates = part(query_count, candidate_count);
  scores.candidate_vectors.assign(candidates.begin(), candidates.end());
  // The guard set is judged as a portfolio of its own: each passage is a section.
  TrainingSet guard;
  guard.section_count = guard_count;
  for (std::size_t i = 0; i < guard_count; ++i) {
    guard.queries.push_back({{}, {i}});
    guard.candidates.push_back({i, {}});
  }
  const std::size_t guard_from = query_count + candidate_count;
  scores.guard = held_out_scores(guard, part(guard_from, guard_count),
                                 part(guard_from + guard_count, guard_count), dimension);
  return scores;
}

Verdict judge(const Scores& base, const Scores& tuned, std::uint64_t seed) {
  Verdict verdict;
  verdict.base_score = retrieval::mean_of(base.held_out);
  verdict.tuned_score = retrieval::mean_of(tuned.held_out);
  verdict.base_guard = retrieval::mean_of(base.guard);
  verdict.tuned_guard = retrieval::mean_of(tuned.guard);
  verdict.base_search = retrieval::mean_of(base.search);
  verdict.tuned_search = retrieval::mean_of(tuned.search);
  for (const Scores* scores : {&base, &tuned}) {
    CF_ENSURE(scores->held_out.size() == base.held_out.size(), scores->held_out.size());
    CF_ENSURE(scores->search.size() == base.held_out.size(), scores->search.size());
  }
  if (!all_finite(tuned.held_out) || !all_finite(tuned.search) || !all_finite(tuned.guard)) {
    verdict.reason = "not_finite";
    return verdict;
  }
  std::vector<double> differences(base.search.size());
  for (std::size_t i = 0; i < differences.size(); ++i) {
    differences[i] = (tuned.search[i] - base.search[i] + tuned.held_out[i] - base.held_out[i]) / 2;
  }
  verdict.gain_lower_bound =
      retrieval::paired_bootstrap(differences, kGateConfidence, Random(seed)).lower;
  const auto interval = [&](const std::vector<double>& values) {
    return retrieval::bootstrap_interval(values, kIntervalConfidence, Random(seed),
                                         retrieval::kResampleCount);
  };
  verdict.base_interval = interval(base.held_out);
  verdict.tuned_interval = interval(tuned.held_out);
  verdict.gain_interval = interval(differences);
  if (differences.size() < kHeldOutQueriesMin) {
    verdict.reason = "too_little_evidence";
  } else if (!(verdict.gain_lower_bound > 0) || verdict.tuned_score < verdict.base_score ||
             verdict.tuned_search < verdict.base_search) {
    verdict.reason = "not_better";
  } else if (verdict.tuned_guard < verdict.base_guard * (1.0 - kGuardLossMax)) {
    verdict.reason = "guard_lost";
  } else {
    verdict.published = true;
  }
  return verdict;
}

}  // namespace cloudfolio::training

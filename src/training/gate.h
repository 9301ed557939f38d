#pragma once
// The quality gate: a tuned model answers only where it wins.
//
// Each model ranks the held-out questions' candidates twice: by meaning alone, and as search
// answers, by words and meaning with the weights that search gives them. A question's gain is the
// mean of its two gains in nDCG@10. The gains are resampled (10,000 seeded paired bootstraps), and
// the mean's one-sided 80 % lower bound must lie above zero; neither of the two means may be lower
// than the base's. At least 16 questions, else there is too little evidence. On the guard set, 200
// general questions and passages that no portfolio has, the tuned model may lose at most 1 % of the
// base's nDCG@10.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "encoder/tokenizer.h"
#include "retrieval/measures.h"
#include "training/pairs.h"

namespace cloudfolio::encoder {
class Encoder;
}

namespace cloudfolio::training {

inline constexpr double kGateConfidence = 0.8;
inline constexpr double kIntervalConfidence = 0.95;  // Of what is reported, not of the verdict.
inline constexpr double kGuardLossMax = 0.01;

struct Scores {
  std::vector<double> held_out;  // nDCG@10 by meaning alone, one a held-out query.
  std::vector<double> search;    // nDCG@10 by words and meaning, one a held-out query.
  std::vector<double> guard;     // nDCG@10, one a guard pair.
  // Row by row, of the held-out queries and of the set's candidates.
  std::vector<float> query_vectors = {};
  std::vector<float> candidate_vectors = {};
};

struct Verdict {
  bool published = false;
  // "" where published; "too_little_evidence", "not_better", "guard_lost" or "not_finite".
  std::string reason;
  double base_score = 0;  // Mean held-out nDCG@10 by meaning alone.
  double tuned_score = 0;
  double base_search = 0;  // By words and meaning.
  double tuned_search = 0;
  double gain_lower_bound = 0;
  // 95 % intervals of the two means by meaning alone, and of the gain.
  retrieval::BootstrapInterval base_interval;
  retrieval::BootstrapInterval tuned_interval;
  retrieval::BootstrapInterval gain_interval;
  double base_guard = 0;
  double tuned_guard = 0;
};

Verdict judge(const Scores& base, const Scores& tuned, std::uint64_t seed);

// The encoder's scores on the set's held-out queries and on the guard set. `search` stays empty
// (training/fusion_choice.h fills it).
Result<Scores> score(const encoder::Encoder& encoder, const TrainingSet& set);
// The same from the texts' tokens: base and tuned model read them alike, so they are made once.
std::vector<encoder::TokenIds> judged_tokens(const encoder::Encoder& encoder,
                                             const TrainingSet& set);
Result<Scores> score(const encoder::Encoder& encoder, const TrainingSet& set,
                     const std::vector<encoder::TokenIds>& judged);

// nDCG@10 of one query with several relevant sections; equal scores count as lost.
double ndcg_of(const std::vector<float>& section_scores, const std::vector<std::size_t>& relevant);

// nDCG@10 of each query over sections by meaning alone, a section scoring as its best candidate.
// Row-major unit vectors of `dimension` elements.
std::vector<double> held_out_scores(const TrainingSet& set, std::span<const float> query_vectors,
                                    std::span<const float> candidate_vectors,
                                    std::size_t dimension);

}  // namespace cloudfolio::training

#include "training/fusion_choice.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/ensure.h"
#include "encoder/encoder.h"
#include "retrieval/fusion.h"
#include "retrieval/lexical.h"
#include "training/gate.h"

namespace cloudfolio::training {
namespace {

constexpr std::array kGrid = {0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5};
// Means over those portfolios fall by about this much a unit of squared distance from the prior.
constexpr double kPriorCurvature = 0.17;

using Questions = std::map<std::string, std::set<std::size_t>>;

// The learnt questions that sections answer, and which.
Questions questions_of(const TrainingSet& set) {
  std::map<std::string_view, std::size_t> section_of;
  for (const Candidate& candidate : set.candidates) {
    section_of.emplace(candidate.text, candidate.section);
  }
  Questions questions;
  for (const TextPair& pair : set.pairs) {
    const auto section = section_of.find(pair.positive);
    if (section != section_of.end()) questions[pair.query].insert(section->second);
  }
  return questions;
}

retrieval::LexicalIndex words_of(const TrainingSet& set) {
  std::vector<retrieval::LexicalDocument> documents;
  for (const Candidate& candidate : set.candidates) {
    const std::string_view text = candidate.text;
    const std::size_t end = std::min(text.find('\n'), text.size());
    documents.push_back({text.substr(0, end), {}, text.substr(end)});
  }
  return retrieval::LexicalIndex::build(documents);
}

std::vector<float> cosines(std::span<const float> query, std::span<const float> candidates) {
  std::vector<float> out;
  for (std::size_t at = 0; at < candidates.size(); at += query.size()) {
    float sum = 0;
    for (std::size_t i = 0; i < query.size(); ++i) sum += query[i] * candidates[at + i];
    out.push_back(sum);
  }
  return out;
}

retrieval::FusionWeights weights_of(double lexical) {
  return {.lexical = lexical, .dense = 1.0 - lexical};
}

// One question's scores of all candidates.
class Asked {
 public:
  Asked(const retrieval::LexicalIndex& words, std::string_view question,
        std::span<const float> vector, std::span<const float> candidates)
      : lexical_(words.scores(question)),
        coverage_(words.coverage(question)),
        dense_(cosines(vector, candidates)) {}

  std::vector<retrieval::FusedScore> fused(retrieval::FusionWeights weights) const {
    return retrieval::fuse(lexical_, coverage_, dense_, weights);
  }

 private:
  std::vector<float> lexical_;
  std::vector<float> coverage_;
  std::vector<float> dense_;
};

std::vector<float> best_of_sections(const TrainingSet& set,
                                    const std::vector<retrieval::FusedScore>& scores) {
  std::vector<float> best(set.section_count, -std::numeric_limits<float>::infinity());
  for (std::size_t c = 0; c < scores.size(); ++c) {
    float& section = best[set.candidates[c].section];
    section = std::max(section, static_cast<float>(scores[c].total));
  }
  return best;
}

}  // namespace

CandidateWords::CandidateWords(const TrainingSet& set) : set_(set), words_(words_of(set)) {}

Result<FusionChoice> CandidateWords::choose(const encoder::Encoder& base,
                                            std::span<const float> candidate_vectors) const {
  CF_ENSURE(candidate_vectors.size() == set_.candidates.size() * base.dimension(),
            candidate_vectors.size());
  const Questions questions = questions_of(set_);
  FusionChoice choice;
  choice.question_count = questions.size();
  if (questions.empty()) return choice;
  std::vector<std::string> texts;
  for (const auto& [text, unused] : questions) texts.push_back(text);
  CF_TRY(const auto vectors, base.embed_texts(texts));
  std::array<double, kGrid.size()> sums{};
  std::size_t at = 0;
  for (const auto& [text, sections] : questions) {
    const Asked asked(words_, text, vectors[at++], candidate_vectors);
    const std::vector<std::size_t> relevant(sections.begin(), sections.end());
    for (std::size_t g = 0; g < kGrid.size(); ++g) {
      sums[g] += ndcg_of(best_of_sections(set_, asked.fused(weights_of(kGrid[g]))), relevant);
    }
  }
  double highest = -std::numeric_limits<double>::infinity();
  for (std::size_t g = 0; g < kGrid.size(); ++g) {
    const double away = kGrid[g] - kLexicalPrior;
    const double drawn = sums[g] - kPriorQuestions * kPriorCurvature * away * away;
    if (drawn <= highest) continue;
    highest = drawn;
    choice.lexical = kGrid[g];
    choice.ndcg10 = sums[g] / static_cast<double>(questions.size());
  }
  return choice;
}

std::vector<double> CandidateWords::search_scores(const Scores& scores,
                                                  retrieval::FusionWeights weights) const {
  std::vector<double> found;
  if (set_.queries.empty()) return found;
  const std::size_t dimension = scores.query_vectors.size() / set_.queries.size();
  const std::span<const float> vectors(scores.query_vectors);
  for (std::size_t q = 0; q < set_.queries.size(); ++q) {
    const Asked asked(words_, set_.queries[q].query, vectors.subspan(q * dimension, dimension),
                      scores.candidate_vectors);
    found.push_back(
        ndcg_of(best_of_sections(set_, asked.fused(weights)), set_.queries[q].relevant_sections));
  }
  return found;
}

}  // namespace cloudfolio::training

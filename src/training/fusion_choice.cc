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

Result<FusionChoice> choose_fusion(const encoder::Encoder& base, const TrainingSet& set,
                                   std::span<const float> candidate_vectors) {
  CF_ENSURE(candidate_vectors.size() == set.candidates.size() * base.dimension(),
            candidate_vectors.size());
  const Questions questions = questions_of(set);
  FusionChoice choice;
  choice.question_count = questions.size();
  if (questions.empty()) return choice;
  std::vector<std::string> texts;
  for (const auto& [text, unused] : questions) texts.push_back(text);
  CF_TRY(const auto vectors, base.embed_texts(texts));
  const retrieval::LexicalIndex words = words_of(set);
  std::array<double, kGrid.size()> sums{};
  std::size_t at = 0;
  for (const auto& [text, sections] : questions) {
    const std::vector<float> lexical = words.scores(text);
    const std::vector<float> coverage = words.coverage(text);
    const std::vector<float> dense = cosines(vectors[at++], candidate_vectors);
    const std::vector<std::size_t> relevant(sections.begin(), sections.end());
    for (std::size_t g = 0; g < kGrid.size(); ++g) {
      const auto fused =
          retrieval::fuse(lexical, coverage, dense, {.lexical = kGrid[g], .dense = 1.0 - kGrid[g]});
      sums[g] += ndcg_of(best_of_sections(set, fused), relevant);
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

}  // namespace cloudfolio::training

#include "passage_ranking.h"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "retrieval/fusion.h"
#include "retrieval/lexical.h"
#include "retrieval/measures.h"

namespace cloudfolio::bench {
namespace {

struct Question {
  std::string text;
  std::vector<std::size_t> sections;
};

double ndcg(const std::vector<float>& scores, const std::vector<std::size_t>& relevant) {
  std::vector<double> gains(10, 0.0);
  for (const std::size_t section : relevant) {
    const std::size_t rank = retrieval::rank_of(section, scores);
    if (rank <= 10) gains[rank - 1] = 1.0;
  }
  return retrieval::ndcg_at(10, gains, std::vector<double>(relevant.size(), 1.0));
}

std::vector<float> by_section(const std::vector<float>& scores, const training::TrainingSet& set) {
  std::vector<float> best(set.section_count, -std::numeric_limits<float>::infinity());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    float& section = best[set.candidates[i].section];
    section = std::max(section, scores[i]);
  }
  return best;
}

float dot(const std::vector<float>& a, const std::vector<float>& b) {
  float sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

Status print_questions(const training::TrainingSet& set, const std::vector<Question>& questions,
                       const retrieval::LexicalIndex& index,
                       const std::vector<std::vector<float>>& candidates,
                       const encoder::Encoder& encoder, const char* label) {
  const double weights[] = {0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0};
  std::map<double, double> sums;
  for (const Question& question : questions) {
    CF_TRY(const auto vector, encoder.embed_text(question.text));
    std::vector<float> dense;
    for (const auto& candidate : candidates) dense.push_back(dot(vector, candidate));
    const std::vector<float> lexical = index.scores(question.text);
    const std::vector<float> coverage = index.coverage(question.text);
    for (const double weight : weights) {
      const auto fused =
          retrieval::fuse(lexical, coverage, dense, {.lexical = weight, .dense = 1.0 - weight});
      std::vector<float> totals;
      for (const auto& score : fused) totals.push_back(static_cast<float>(score.total));
      sums[weight] += ndcg(by_section(totals, set), question.sections);
    }
  }
  std::printf("    %-12s n=%zu lexical weight:", label, questions.size());
  for (const auto& [weight, sum] : sums) {
    std::printf(" %.1f:%.4f", weight, sum / static_cast<double>(questions.size()));
  }
  std::printf("\n");
  return Done();
}

}  // namespace

Status print_fusion(const cache::Bundle&, const training::TrainingSet& set,
                    const encoder::Encoder& encoder, std::string_view name) {
  std::vector<std::string> texts;
  std::vector<retrieval::LexicalDocument> documents;
  for (const training::Candidate& candidate : set.candidates) texts.push_back(candidate.text);
  for (const std::string& text : texts) {
    const std::size_t end = text.find('\n');
    documents.push_back(
        {std::string_view(text).substr(0, end), {}, std::string_view(text).substr(end + 1)});
  }
  const auto index = retrieval::LexicalIndex::build(documents);
  CF_TRY(const auto candidates, encoder.embed_texts(texts));
  std::vector<Question> held_out;
  for (const training::HeldOutQuery& query : set.queries) {
    held_out.push_back({query.query, query.relevant_sections});
  }
  std::map<std::string, Question> learnt;
  std::map<std::string_view, std::size_t> section_of;
  for (const training::Candidate& candidate : set.candidates) {
    section_of.emplace(candidate.text, candidate.section);
  }
  for (const training::TextPair& pair : set.pairs) {
    const auto section = section_of.find(pair.positive);
    if (section == section_of.end()) continue;
    Question& question = learnt[pair.query];
    question.text = pair.query;
    if (std::find(question.sections.begin(), question.sections.end(), section->second) ==
        question.sections.end()) {
      question.sections.push_back(section->second);
    }
  }
  std::vector<Question> train;
  for (auto& [unused, question] : learnt) train.push_back(std::move(question));
  std::printf("   %s\n", std::string(name).c_str());
  CF_CHECK(print_questions(set, held_out, index, candidates, encoder, "held out"));
  return print_questions(set, train, index, candidates, encoder, "learnt");
}

}  // namespace cloudfolio::bench

#include "retrieval/lexical.h"

#include <algorithm>
#include <cmath>

#include "retrieval/words.h"

namespace cloudfolio::retrieval {
namespace {

using Lengths = std::array<double, kFieldCount>;

std::array<std::string_view, kFieldCount> fields_of(const LexicalDocument& document) {
  return {document.repository, document.heading, document.body};
}

}  // namespace

LexicalIndex LexicalIndex::build(std::span<const LexicalDocument> documents,
                                 LexicalWeights weights) {
  LexicalIndex index;
  index.k1_ = weights.k1;
  index.document_count_ = documents.size();

  struct Count {
    std::uint32_t document;
    std::array<float, kFieldCount> field;
  };
  std::vector<std::vector<Count>> counts;  // By word.
  std::vector<Lengths> lengths(documents.size(), Lengths{});
  Lengths mean{};
  for (std::size_t d = 0; d < documents.size(); ++d) {
    const auto fields = fields_of(documents[d]);
    for (std::size_t f = 0; f < kFieldCount; ++f) {
      each_word(fields[f], [&](std::string_view word) {
        auto found = index.words_.find(word);
        if (found == index.words_.end()) {
          found = index.words_.emplace(word, static_cast<std::uint32_t>(counts.size())).first;
          counts.emplace_back();
        }
        auto& of_word = counts[found->second];
        if (of_word.empty() || of_word.back().document != d) {
          of_word.push_back({static_cast<std::uint32_t>(d), {}});
        }
        of_word.back().field[f] += 1.0F;
        lengths[d][f] += 1.0;
      });
      mean[f] += lengths[d][f];
    }
  }
  for (double& m : mean)
    m = std::max(1.0, m / std::max<double>(1.0, static_cast<double>(documents.size())));

  index.postings_.resize(counts.size());
  for (std::size_t w = 0; w < counts.size(); ++w) {
    index.postings_[w].reserve(counts[w].size());
    for (const Count& count : counts[w]) {
      double frequency = 0;
      for (std::size_t f = 0; f < kFieldCount; ++f) {
        const double b = weights.b[f];
        const double norm = 1.0 - b + b * lengths[count.document][f] / mean[f];
        frequency += weights.weight[f] * static_cast<double>(count.field[f]) / norm;
      }
      index.postings_[w].push_back({count.document, static_cast<float>(frequency)});
    }
  }
  return index;
}

std::vector<LexicalIndex::QueryWord> LexicalIndex::query_words(std::string_view query) const {
  std::vector<std::string> all = words_of(query);
  std::vector<std::string> telling;
  for (const std::string& word : all) {
    if (!is_stop_word(word)) telling.push_back(word);
  }
  std::vector<std::string>& words = telling.empty() ? all : telling;
  std::sort(words.begin(), words.end());
  std::vector<QueryWord> out;
  for (std::size_t i = 0; i < words.size();) {
    const auto next =
        std::upper_bound(words.begin() + static_cast<std::ptrdiff_t>(i), words.end(), words[i]);
    const auto count = static_cast<std::size_t>(next - words.begin()) - i;
    const auto found = words_.find(std::string_view(words[i]));
    const auto postings = found == words_.end()
                              ? std::span<const Posting>()
                              : std::span<const Posting>(postings_[found->second]);
    const auto n = static_cast<double>(postings.size());
    const double idf = std::log(1.0 + (static_cast<double>(document_count_) - n + 0.5) / (n + 0.5));
    out.push_back({idf, static_cast<double>(count), postings});
    i += count;
  }
  return out;
}

std::vector<float> LexicalIndex::scores(std::string_view query) const {
  std::vector<float> scores(document_count_, 0.0F);
  for (const QueryWord& word : query_words(query)) {
    for (const Posting& posting : word.postings) {
      const double frequency = static_cast<double>(posting.frequency);
      scores[posting.document] +=
          static_cast<float>(word.count * word.idf * (k1_ + 1.0) * frequency / (k1_ + frequency));
    }
  }
  return scores;
}

std::vector<float> LexicalIndex::coverage(std::string_view query) const {
  std::vector<float> covered(document_count_, 0.0F);
  double all = 0;
  const std::vector<QueryWord> words = query_words(query);
  for (const QueryWord& word : words) {
    all += word.idf;
    for (const Posting& posting : word.postings) {
      covered[posting.document] += static_cast<float>(word.idf);
    }
  }
  if (all > 0) {
    for (float& c : covered) c = static_cast<float>(static_cast<double>(c) / all);
  }
  return covered;
}

std::size_t LexicalIndex::memory_bytes() const {
  std::size_t bytes = words_.size() * (sizeof(std::string) + 4 * sizeof(void*));
  for (const auto& [word, unused] : words_) bytes += word.capacity() > 15 ? word.capacity() : 0;
  for (const auto& postings : postings_) {
    bytes += sizeof(postings) + postings.capacity() * sizeof(Posting);
  }
  return bytes;
}

}  // namespace cloudfolio::retrieval

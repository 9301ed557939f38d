#pragma once
// Lexical ranking: BM25 over documents of several fields.
//
// A word's frequency is summed over the fields, each with its weight and its own length
// normalisation, and saturated once (Robertson, Zaragoza, Taylor: "Simple BM25 extension to
// multiple weighted fields", 2004):
//   tf(w, d) = Σ_f weight_f · count_f(w, d) / (1 − b_f + b_f · length_f(d) / mean length_f)
//   score(q, d) = Σ_w idf(w) · (k1 + 1) · tf / (k1 + tf),  idf(w) = ln(1 + (N − n + 0.5)/(n + 0.5))
// Stop words of a query count only where it has no others.
//
// Promises: the same documents give the same scores on every machine. Built in about 10 ms a
// megabyte of text. Threads: const calls are thread-safe.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cloudfolio::retrieval {

enum class Field : std::uint8_t { repository, heading, body };
inline constexpr std::size_t kFieldCount = 3;

struct LexicalDocument {
  std::string_view repository;  // Its name and what is said of it as a whole.
  std::string_view heading;     // The heading path.
  std::string_view body;
};

struct LexicalWeights {
  // Robertson and Zaragoza, "The probabilistic relevance framework", 2009: k1 in 1.2 to 2.
  double k1 = 1.2;
  // By Field. A heading says in few words what a body says in many; names are short, so their
  // length says little.
  std::array<double, kFieldCount> weight = {1.5, 2.5, 1.0};
  std::array<double, kFieldCount> b = {0.3, 0.5, 0.75};
};

class LexicalIndex {
 public:
  LexicalIndex() = default;
  static LexicalIndex build(std::span<const LexicalDocument> documents, LexicalWeights weights);
  static LexicalIndex build(std::span<const LexicalDocument> documents) {
    return build(documents, LexicalWeights());
  }

  // One score a document, in their order; 0 where no word of the query occurs.
  std::vector<float> scores(std::string_view query) const;
  // How much of the query's information a document's words carry: Σ idf of the words that occur /
  // Σ idf of all its words, 0 to 1. One a document.
  std::vector<float> coverage(std::string_view query) const;

  std::size_t document_count() const { return document_count_; }
  std::size_t word_count() const { return postings_.size(); }
  std::size_t memory_bytes() const;

 private:
  struct Posting {
    std::uint32_t document;
    float frequency;  // tf above.
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  struct QueryWord {
    double idf;
    double count;
    std::span<const Posting> postings;
  };

  std::vector<QueryWord> query_words(std::string_view query) const;

  double k1_ = 1.2;
  std::size_t document_count_ = 0;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> words_;
  std::vector<std::vector<Posting>> postings_;
};

}  // namespace cloudfolio::retrieval

#pragma once
// Text to token ids: WordPiece as BERT's uncased models use it.
//
// Promises: the ids are those of Hugging Face's BertTokenizerFast for the same vocabulary, for
// every text: control characters removed, CJK characters split, accents stripped, lower-cased,
// punctuation split, longest pieces first, words above 100 characters [UNK]; a literal "[SEP]" in a
// text is that token. Bytes that are not UTF-8 read as U+FFFD, which the cleaning removes. Cost:
// linear in the text. Copies share the vocabulary.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cloudfolio::encoder {

using TokenId = std::int32_t;
using TokenIds = std::vector<TokenId>;

inline constexpr std::size_t kUntruncated = static_cast<std::size_t>(-1);
inline constexpr std::size_t kVocabularyCountMax = 1'000'000;

class Tokenizer {
 public:
  // From vocab.txt: one token a line, its number is its id.
  // Code::corrupt where a special token is missing, a token stands twice, or there are none.
  static Result<Tokenizer> parse_vocabulary(std::string_view vocab_txt);
  // From tokenizer.json: model.vocab, and only a BertNormalizer that lower-cases and strips
  // accents.
  static Result<Tokenizer> parse(std::string_view tokenizer_json);

  // [CLS] pieces… [SEP]. `token_count_max` counts both; what does not fit is cut from the end.
  // Below 2 is taken as 2. Truncation and padding written in tokenizer.json are ignored.
  TokenIds encode(std::string_view text, std::size_t token_count_max = kUntruncated) const;

  std::size_t vocabulary_count() const;
  // The text of a token; empty for an id that is none.
  std::string_view token(TokenId id) const;
  TokenId cls() const;
  TokenId sep() const;
  // The vocabulary as vocab.txt.
  std::string to_vocabulary() const;

 private:
  struct Vocabulary;
  explicit Tokenizer(std::shared_ptr<const Vocabulary> vocabulary);
  static Result<Tokenizer> from_tokens(std::vector<std::string> tokens);

  std::shared_ptr<const Vocabulary> vocabulary_;
};

}  // namespace cloudfolio::encoder

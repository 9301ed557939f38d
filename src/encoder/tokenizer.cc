#include "encoder/tokenizer.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "encoder/text_normalizer.h"

namespace cloudfolio::encoder {
namespace {

// A longer word is unknown as a whole, in characters.
constexpr std::size_t kWordCharactersMax = 100;
constexpr std::string_view kContinuation = "##";
constexpr std::string_view kSpecialTokens[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

struct ViewHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};
using PieceTable = std::unordered_map<std::string, TokenId, ViewHash, std::equal_to<>>;

void append_utf8(char32_t c, std::string& out) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (c >> 6)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else if (c < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | (c >> 12)));
    out.push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | (c >> 18)));
    out.push_back(static_cast<char>(0x80 | ((c >> 12) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  }
}

}  // namespace

struct Tokenizer::Vocabulary {
  std::vector<std::string> tokens;  // By id.
  PieceTable starts;                // Pieces that begin a word.
  PieceTable continuations;         // Pieces within a word, without "##".
  std::size_t piece_bytes_max = 0;
  TokenId unknown = 0;
  TokenId cls = 0;
  TokenId sep = 0;
  std::vector<std::pair<std::string, TokenId>> specials;  // Found verbatim in a text.

  // Appends the pieces of one word until `out` holds `count_max` ids.
  void append_pieces(std::u32string_view word, std::size_t count_max, TokenIds& out) const {
    const std::size_t first = out.size();
    if (word.size() > kWordCharactersMax) {
      out.push_back(unknown);
      return;
    }
    std::string bytes;
    for (const char32_t c : word) append_utf8(c, bytes);
    for (std::size_t at = 0; at < bytes.size();) {
      const auto& table = at == 0 ? starts : continuations;
      std::size_t length = std::min(bytes.size() - at, piece_bytes_max);
      TokenId id = -1;
      for (; length > 0; --length) {
        const auto found = table.find(std::string_view(bytes).substr(at, length));
        if (found != table.end()) {
          id = found->second;
          break;
        }
      }
      if (id < 0) {  // No way to spell the whole word.
        out.resize(first);
        out.push_back(unknown);
        return;
      }
      out.push_back(id);
      at += length;
    }
    if (out.size() > count_max) out.resize(count_max);
  }

  void append_text(std::string_view text, std::size_t count_max, TokenIds& out) const {
    const std::u32string characters = normalized(text);
    const std::u32string_view view(characters);
    for (std::size_t at = 0; at < view.size() && out.size() < count_max;) {
      if (view[at] == U' ') {
        ++at;
        continue;
      }
      std::size_t end = at + 1;
      if (!is_punctuation(view[at])) {
        while (end < view.size() && view[end] != U' ' && !is_punctuation(view[end])) ++end;
      }
      append_pieces(view.substr(at, end - at), count_max, out);
      at = end;
    }
  }

  // The first special token at or after `from`, if any.
  const std::pair<std::string, TokenId>* find_special(std::string_view text, std::size_t from,
                                                      std::size_t& position) const {
    for (position = text.find('[', from); position != std::string_view::npos;
         position = text.find('[', position + 1)) {
      for (const auto& special : specials) {
        if (text.substr(position).starts_with(special.first)) return &special;
      }
    }
    return nullptr;
  }
};

Tokenizer::Tokenizer(std::shared_ptr<const Vocabulary> vocabulary)
    : vocabulary_(std::move(vocabulary)) {}

Result<Tokenizer> Tokenizer::from_tokens(std::vector<std::string> tokens) {
  if (tokens.empty()) return Error(Code::corrupt, "the vocabulary is empty");
  if (tokens.size() > kVocabularyCountMax) {
    return Error(Code::corrupt,
                 "the vocabulary has more than " + std::to_string(kVocabularyCountMax) + " tokens");
  }
  auto vocabulary = std::make_shared<Vocabulary>();
  PieceTable all;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const auto id = static_cast<TokenId>(i);
    const std::string& token = tokens[i];
    if (token.empty() || !all.emplace(token, id).second) {
      return Error(Code::corrupt, "token " + std::to_string(i) + " of the vocabulary is " +
                                      (token.empty() ? "missing" : "there twice"));
    }
    if (token.size() > kContinuation.size() && token.starts_with(kContinuation)) {
      vocabulary->continuations.emplace(token.substr(kContinuation.size()), id);
    }
    // "##" itself, and "##x" in a text, begin with punctuation and never reach the table whole.
    vocabulary->starts.emplace(token, id);
    vocabulary->piece_bytes_max = std::max(vocabulary->piece_bytes_max, token.size());
  }
  for (const std::string_view name : kSpecialTokens) {
    const auto found = all.find(name);
    if (found != all.end()) vocabulary->specials.emplace_back(found->first, found->second);
  }
  for (const auto& [name, target] : {std::pair{"[UNK]", &vocabulary->unknown},
                                     {"[CLS]", &vocabulary->cls},
                                     {"[SEP]", &vocabulary->sep}}) {
    const auto found = all.find(std::string_view(name));
    if (found == all.end()) {
      return Error(Code::corrupt, std::string("the vocabulary lacks the token ") + name);
    }
    *target = found->second;
  }
  vocabulary->tokens = std::move(tokens);
  return Tokenizer(std::move(vocabulary));
}

Result<Tokenizer> Tokenizer::parse_vocabulary(std::string_view vocab_txt) {
  std::vector<std::string> tokens;
  for (std::size_t at = 0; at < vocab_txt.size();) {
    const std::size_t end = std::min(vocab_txt.find('\n', at), vocab_txt.size());
    std::string_view line = vocab_txt.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    tokens.emplace_back(line);
    at = end + 1;
  }
  return from_tokens(std::move(tokens));
}

TokenIds Tokenizer::encode(std::string_view text, std::size_t token_count_max) const {
  // The count before [SEP]; the room for it is kept.
  const std::size_t count_max = token_count_max == kUntruncated
                                    ? kUntruncated
                                    : std::max<std::size_t>(token_count_max, 2) - 1;
  TokenIds ids{vocabulary_->cls};
  for (std::size_t at = 0; at <= text.size() && ids.size() < count_max;) {
    std::size_t position = 0;
    const auto* special = vocabulary_->find_special(text, at, position);
    const std::size_t end = special == nullptr ? text.size() : position;
    vocabulary_->append_text(text.substr(at, end - at), count_max, ids);
    if (special == nullptr) break;
    if (ids.size() < count_max) ids.push_back(special->second);
    at = position + special->first.size();
  }
  ids.push_back(vocabulary_->sep);
  return ids;
}

std::size_t Tokenizer::vocabulary_count() const {
  return vocabulary_->tokens.size();
}

std::string_view Tokenizer::token(TokenId id) const {
  if (id < 0 || static_cast<std::size_t>(id) >= vocabulary_->tokens.size()) return {};
  return vocabulary_->tokens[static_cast<std::size_t>(id)];
}

TokenId Tokenizer::cls() const {
  return vocabulary_->cls;
}
TokenId Tokenizer::sep() const {
  return vocabulary_->sep;
}

std::string Tokenizer::to_vocabulary() const {
  std::string text;
  for (const std::string& token : vocabulary_->tokens) text += token + '\n';
  return text;
}

}  // namespace cloudfolio::encoder

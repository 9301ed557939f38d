#include "retrieval/words.h"

#include <libstemmer.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <memory>
#include <new>

#include "base/ensure.h"

namespace cloudfolio::retrieval {
namespace {

struct Character {
  utf8proc_int32_t code;
  std::size_t bytes;
};

Character character_at(std::string_view text, std::size_t at) {
  const auto c = static_cast<unsigned char>(text[at]);
  if (c < 0x80) return {c, 1};
  utf8proc_int32_t code = -1;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at);
  const auto length =
      utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size() - at), &code);
  if (length <= 0) return {-1, 1};
  return {code, static_cast<std::size_t>(length)};
}

bool stands_alone(utf8proc_int32_t c) {
  return (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x9FFF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3FFFF);
}

enum class Class { other, lower, upper, digit };

Class class_of(utf8proc_int32_t c) {
  if (c < 0) return Class::other;
  if (c < 0x80) {
    if (c >= 'a' && c <= 'z') return Class::lower;
    if (c >= 'A' && c <= 'Z') return Class::upper;
    return c >= '0' && c <= '9' ? Class::digit : Class::other;
  }
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LT:
      return Class::upper;
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
      return Class::lower;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return Class::digit;
    default:
      return Class::other;
  }
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (static_cast<unsigned char>(c) & 0x80) == 0; });
}

// English words to their stems. One object takes about a microsecond to make.
class Stemmer {
 public:
  Stemmer() : stemmer_(sb_stemmer_new("english", "UTF_8"), sb_stemmer_delete) {
    CF_ENSURE(stemmer_ != nullptr, "libstemmer has no English");
  }

  // Letters a to z alone are cut; other words stay as they are.
  void cut(std::string& word) const {
    if (word.size() > kWordBytesMax) return;
    if (!std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; })) return;
    const sb_symbol* stem =
        sb_stemmer_stem(stemmer_.get(), reinterpret_cast<const sb_symbol*>(word.data()),
                        static_cast<int>(word.size()));
    if (stem == nullptr) throw std::bad_alloc();
    word.assign(reinterpret_cast<const char*>(stem),
                static_cast<std::size_t>(sb_stemmer_length(stemmer_.get())));
  }

 private:
  std::unique_ptr<sb_stemmer, decltype(&sb_stemmer_delete)> stemmer_;
};

// One run of letters and digits and the joiners inside it.
class Token {
 public:
  explicit Token(const std::function<void(std::string_view)>& take) : take_(take) {}

  bool empty() const { return size_bytes_ == 0; }

  void add(std::string_view bytes, Class kind) {
    const bool hump = previous_ == Class::lower && kind == Class::upper;
    // "HTTPServer": the last capital begins the next part.
    const bool acronym_ends =
        previous_ == Class::upper && kind == Class::lower && upper_run_ > 1 && !part_.empty();
    if (hump) {
      end_part();
    } else if (acronym_ends) {
      const std::string last = part_.substr(part_.size() - last_bytes_);
      part_.resize(part_.size() - last_bytes_);
      end_part();
      part_ = last;
    }
    part_.append(bytes);
    last_bytes_ = bytes.size();
    upper_run_ = kind == Class::upper ? upper_run_ + 1 : 0;
    previous_ = kind;
    size_bytes_ += bytes.size();
  }

  void join() {
    end_part();
    previous_ = Class::other;
    upper_run_ = 0;
  }

  // Whether "+", "++" or "#" may follow: the names of programming languages.
  bool may_take_sign() const { return part_count_ == 0 && part_.size() <= 2 && !part_.empty(); }
  void add_sign(std::string_view sign) { part_.append(sign); }

  void end() {
    end_part();
    if (part_count_ > 1) {
      stemmer_.cut(whole_);
      give(whole_);
    }
    whole_.clear();
    part_count_ = 0;
    size_bytes_ = 0;
    previous_ = Class::other;
    upper_run_ = 0;
  }

 private:
  void end_part() {
    if (part_.empty()) return;
    std::string word = is_ascii(part_) ? ascii_folded(part_) : folded(part_);
    part_.clear();
    ++part_count_;
    if (whole_.size() <= kWordBytesMax) whole_ += word;
    stemmer_.cut(word);
    give(word);
  }

  static std::string ascii_folded(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
  }

  void give(std::string_view word) {
    if (!word.empty() && word.size() <= kWordBytesMax) take_(word);
  }

  const std::function<void(std::string_view)>& take_;
  const Stemmer stemmer_;
  std::string part_;
  std::string whole_;
  std::size_t part_count_ = 0;
  std::size_t size_bytes_ = 0;
  std::size_t last_bytes_ = 0;
  std::size_t upper_run_ = 0;
  Class previous_ = Class::other;
};

constexpr auto kStopWords = std::to_array<std::string_view>(
    {"a",    "about", "an",    "and",  "ani",  "are",   "as",   "at",    "be",  "been",  "but",
     "by",   "can",   "do",    "doe",  "did",  "for",   "from", "had",   "has", "have",  "how",
     "i",    "if",    "in",    "into", "is",   "it",    "me",   "my",    "no",  "not",   "of",
     "on",   "or",    "our",   "so",   "some", "such",  "than", "that",  "the", "their", "them",
     "then", "there", "these", "they", "this", "those", "to",   "was",   "we",  "were",  "what",
     "when", "where", "which", "who",  "whi",  "will",  "with", "would", "you", "your"});

}  // namespace

void each_word(std::string_view text, const std::function<void(std::string_view)>& take) {
  Token token(take);
  std::size_t at = 0;
  while (at < text.size()) {
    const Character c = character_at(text, at);
    const std::string_view bytes = text.substr(at, c.bytes);
    at += c.bytes;
    if (stands_alone(c.code)) {
      token.end();
      take(bytes);
      continue;
    }
    const Class kind = class_of(c.code);
    if (kind != Class::other) {
      token.add(bytes, kind);
      continue;
    }
    if (token.empty()) continue;
    if (c.code == '\'' || c.code == 0x2019) continue;  // don't → dont
    const bool word_follows = at < text.size() &&
                              class_of(character_at(text, at).code) != Class::other &&
                              !stands_alone(character_at(text, at).code);
    if ((c.code == '+' || c.code == '#') && token.may_take_sign() && !word_follows) {
      const bool twice = c.code == '+' && at < text.size() && text[at] == '+';
      if (c.code == '#' || twice) {
        token.add_sign(twice ? "++" : "#");
        at += twice ? 1 : 0;
      }
      token.end();
      continue;
    }
    const bool joins = c.code == '_' || c.code == '-' || c.code == '.' || c.code == '/';
    if (joins && word_follows) {
      token.join();
    } else {
      token.end();
    }
  }
  token.end();
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  each_word(text, [&](std::string_view word) { words.emplace_back(word); });
  return words;
}

bool is_stop_word(std::string_view word) {
  return std::find(kStopWords.begin(), kStopWords.end(), word) != kStopWords.end();
}

std::string folded(std::string_view text) {
  std::string out;
  if (is_ascii(text)) {
    out.assign(text);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
  }
  utf8proc_uint8_t* mapped = nullptr;
  const auto length = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
      static_cast<utf8proc_ssize_t>(text.size()), &mapped,
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
                                     UTF8PROC_STRIPMARK | UTF8PROC_COMPOSE | UTF8PROC_IGNORE));
  if (length < 0) return std::string(text);  // Not UTF-8: compared as it is.
  out.assign(reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(length));
  std::free(mapped);
  return out;
}

std::string squashed(std::string_view text) {
  const std::string plain = folded(text);
  std::string out;
  for (std::size_t at = 0; at < plain.size();) {
    const Character c = character_at(plain, at);
    if (class_of(c.code) != Class::other || c.code == '+' || c.code == '#') {
      out.append(plain, at, c.bytes);
    }
    at += c.bytes;
  }
  return out;
}

}  // namespace cloudfolio::retrieval

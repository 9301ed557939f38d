#pragma once
// What was asked: words, exact phrases, and filters in GitHub's query words.
//
//   csv lang:rust -repo:toml "exact phrase" -java topic:cli file:docs/ type:programming
//
// A filter given twice means either; different filters must all hold; `-` excludes. A word with a
// colon that is no filter ("std::vector", "http://…") is a word.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cloudfolio::search {

inline constexpr std::size_t kQueryBytesMax = 2'000;
inline constexpr std::size_t kQueryTermsMax = 64;

struct Filter {
  std::vector<std::string> any_of;   // Folded; empty: no condition.
  std::vector<std::string> none_of;  // Folded.
  bool empty() const { return any_of.empty() && none_of.empty(); }
};

struct ParsedQuery {
  std::string text;                   // What is ranked: words and phrases, without filters.
  std::vector<std::string> phrases;   // Must occur, as they are, without regard to case. Folded.
  std::vector<std::string> excluded;  // Words and phrases that must not occur. Folded.
  Filter repository;                  // repo:
  Filter language;                    // lang: or language:
  Filter topic;                       // topic:
  Filter type;                        // type:
  Filter file;                        // file: or path:, a part of the path
  bool has_filters() const {
    return !repository.empty() || !language.empty() || !topic.empty() || !type.empty() ||
           !file.empty() || !phrases.empty() || !excluded.empty();
  }
};

// Code::invalid_argument for nothing at all, text beyond the limits, or a filter without a value;
// the message says what to write instead. Never for odd punctuation.
Result<ParsedQuery> parse_query(std::string_view query);

}  // namespace cloudfolio::search

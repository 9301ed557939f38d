#include "search/query.h"

#include <array>
#include <cctype>
#include <utility>

#include "retrieval/words.h"

namespace cloudfolio::search {
namespace {

struct Term {
  bool excluded = false;
  std::string key;  // "lang"; empty for a word or phrase.
  std::string value;
  bool phrase = false;
};

bool is_space(char c) {
  return static_cast<unsigned char>(c) <= ' ';
}

// The filter that a key names, or null for none of ours.
Filter* filter_named(ParsedQuery& query, std::string_view key) {
  if (key == "repo" || key == "repository") return &query.repository;
  if (key == "lang" || key == "language") return &query.language;
  if (key == "topic") return &query.topic;
  if (key == "type") return &query.type;
  if (key == "file" || key == "path") return &query.file;
  return nullptr;
}

// Reads up to the closing quote, or to the end where there is none.
std::string read_quoted(std::string_view text, std::size_t& at) {
  const std::size_t close = text.find('"', at + 1);
  const std::size_t end = close == std::string_view::npos ? text.size() : close;
  std::string value(text.substr(at + 1, end - at - 1));
  at = close == std::string_view::npos ? text.size() : close + 1;
  return value;
}

Term read_term(std::string_view text, std::size_t& at, ParsedQuery& query) {
  Term term;
  if (text[at] == '-' && at + 1 < text.size() && !is_space(text[at + 1]) && text[at + 1] != '-') {
    term.excluded = true;
    ++at;
  }
  if (text[at] == '"') {
    term.phrase = true;
    term.value = read_quoted(text, at);
    return term;
  }
  const std::size_t from = at;
  while (at < text.size() && !is_space(text[at])) {
    if (text[at] == ':' && term.key.empty()) {
      std::string key(text.substr(from, at - from));
      for (char& c : key) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      if (filter_named(query, key) != nullptr) {
        term.key = key;
        ++at;
        if (at < text.size() && text[at] == '"') {
          term.value = read_quoted(text, at);
          return term;
        }
        const std::size_t value = at;
        while (at < text.size() && !is_space(text[at])) ++at;
        term.value = std::string(text.substr(value, at - value));
        return term;
      }
    }
    ++at;
  }
  term.value = std::string(text.substr(from, at - from));
  return term;
}

std::string language_named(std::string name) {
  static constexpr auto kNames =
      std::to_array<std::pair<std::string_view, std::string_view>>({{"cpp", "c++"},
                                                                    {"cplusplus", "c++"},
                                                                    {"cs", "c#"},
                                                                    {"csharp", "c#"},
                                                                    {"fsharp", "f#"},
                                                                    {"golang", "go"},
                                                                    {"js", "javascript"},
                                                                    {"ts", "typescript"},
                                                                    {"py", "python"},
                                                                    {"rb", "ruby"},
                                                                    {"rs", "rust"},
                                                                    {"sh", "shell"},
                                                                    {"bash", "shell"},
                                                                    {"objc", "objective-c"},
                                                                    {"docker", "dockerfile"},
                                                                    {"tex", "tex"}});
  for (const auto& [alias, language] : kNames) {
    if (name == alias) return std::string(language);
  }
  return name;
}

}  // namespace

Result<ParsedQuery> parse_query(std::string_view text) {
  if (text.size() > kQueryBytesMax) {
    return Error(Code::invalid_argument, "the query is longer than " +
                                             std::to_string(kQueryBytesMax) +
                                             " bytes: ask with fewer words");
  }
  ParsedQuery query;
  std::size_t at = 0;
  std::size_t term_count = 0;
  while (at < text.size()) {
    if (is_space(text[at])) {
      ++at;
      continue;
    }
    if (++term_count > kQueryTermsMax) {
      return Error(
          Code::invalid_argument,
          "the query has more than " + std::to_string(kQueryTermsMax) + " words: ask with fewer");
    }
    Term term = read_term(text, at, query);
    if (!term.key.empty()) {
      if (term.value.empty()) {
        return Error(Code::invalid_argument,
                     "the filter '" + term.key +
                         ":' has no value: write it without a blank, as in " + term.key + ":value");
      }
      Filter& filter = *filter_named(query, term.key);
      std::string value = retrieval::folded(term.value);
      if (&filter == &query.language) value = language_named(std::move(value));
      (term.excluded ? filter.none_of : filter.any_of).push_back(std::move(value));
      continue;
    }
    if (term.value.empty()) continue;
    if (term.excluded) {
      query.excluded.push_back(retrieval::folded(term.value));
      continue;
    }
    if (term.phrase) query.phrases.push_back(retrieval::folded(term.value));
    if (!query.text.empty()) query.text += ' ';
    query.text += term.value;
  }
  if (query.text.empty() && !query.has_filters()) {
    return Error(
        Code::invalid_argument,
        "the query is empty: ask with words, or filter with lang:, topic:, repo:, file: or "
        "type:");
  }
  return query;
}

}  // namespace cloudfolio::search

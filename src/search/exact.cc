#include "search/exact.h"

#include <algorithm>
#include <cctype>

#include "retrieval/words.h"

namespace cloudfolio::search {
namespace {

std::string_view unquoted(std::string_view text) {
  const auto is_mark = [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\'' || c == '`' || c == '?';
  };
  while (!text.empty() && is_mark(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_mark(text.back())) text.remove_suffix(1);
  return text;
}

bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ||
         (static_cast<unsigned char>(c) & 0x80) != 0;
}

// Whether `needle` stands in `text` as a whole name. Both folded.
bool has_whole(std::string_view text, std::string_view needle) {
  for (std::size_t at = text.find(needle); at != std::string_view::npos;
       at = text.find(needle, at + 1)) {
    const std::size_t end = at + needle.size();
    const bool starts =
        at == 0 || !is_name_character(text[at - 1]) || !is_name_character(needle[0]);
    const bool ends =
        end == text.size() || !is_name_character(text[end]) || !is_name_character(needle.back());
    if (starts && ends) return true;
  }
  return false;
}

}  // namespace

bool looks_like_identifier(std::string_view text) {
  if (text.size() < 2 || text.size() > 200) return false;
  bool lower = false;
  bool hump = false;
  bool letter = false;
  bool digit = false;
  bool mark = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c <= ' ') return false;
    hump = hump || (lower && std::isupper(c));
    lower = lower || std::islower(c);
    letter = letter || std::isalpha(c) || (c & 0x80);
    digit = digit || std::isdigit(c);
    const bool inside = i > 0 && i + 1 < text.size();
    mark = mark || c == '_' || (inside && (c == '.' || c == '/' || c == ':' || c == '-')) ||
           c == '(' || c == '$' || c == '@' || (i == 0 && c == '-');
  }
  return letter && (hump || mark || digit);
}

ExactName::ExactName(std::string_view query_text) {
  const std::string_view name = unquoted(query_text);
  folded_ = retrieval::folded(name);
  squashed_ = retrieval::squashed(name);
  is_one_word_ = std::none_of(name.begin(), name.end(), [](unsigned char c) { return c <= ' '; });
  std::string_view called = name;
  if (called.ends_with("()")) called.remove_suffix(2);
  is_identifier_ = looks_like_identifier(name);
  if (is_identifier_ && called.size() != name.size()) folded_ = retrieval::folded(called);
}

bool ExactName::names_path(std::string_view path) const {
  if (path.empty() || !is_one_word_) return false;
  const std::string whole = retrieval::folded(path);
  if (whole == folded_) return true;
  // "parser.rs" for "src/parser.rs", but not "parser".
  return folded_.find('.') != std::string::npos && whole.size() > folded_.size() &&
         whole.ends_with(folded_) && whole[whole.size() - folded_.size() - 1] == '/';
}

Exact ExactName::of_repository(const cache::RepositoryEntry& entry) const {
  if (squashed_.empty()) return Exact::none;
  const std::string name = retrieval::folded(entry.name);
  if (name == folded_ || retrieval::squashed(entry.name) == squashed_ ||
      retrieval::folded(entry.metadata.owner.login) + "/" + name == folded_) {
    return Exact::name;
  }
  for (const std::string& topic : entry.metadata.topics) {
    if (retrieval::folded(topic) == folded_ || retrieval::squashed(topic) == squashed_) {
      return Exact::topic;
    }
  }
  const auto& paths = entry.metadata.file_paths;
  const bool has_path = std::any_of(paths.begin(), paths.end(),
                                    [&](const std::string& path) { return names_path(path); });
  return has_path ? Exact::path : Exact::none;
}

Exact ExactName::of_chunk(const Chunk& chunk) const {
  if (names_path(chunk.path)) return Exact::path;
  if (!is_identifier_) return Exact::none;
  if (has_whole(retrieval::folded(chunk.text), folded_)) return Exact::identifier;
  for (const std::string& heading : chunk.heading_path) {
    if (has_whole(retrieval::folded(heading), folded_)) return Exact::identifier;
  }
  return Exact::none;
}

}  // namespace cloudfolio::search

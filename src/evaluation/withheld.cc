#include "evaluation/withheld.h"

namespace cloudfolio::evaluation {
namespace {

bool is_blank(char c) {
  return static_cast<unsigned char>(c) <= ' ';
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Where `part` ends in `text` if it begins at `from`; npos if it does not.
std::size_t end_of(std::string_view text, std::size_t from, std::string_view part) {
  std::size_t at = from;
  for (std::size_t i = 0; i < part.size();) {
    if (is_blank(part[i])) {
      if (at == text.size() || !is_blank(text[at])) return std::string_view::npos;
      while (i < part.size() && is_blank(part[i])) ++i;
      while (at < text.size() && is_blank(text[at])) ++at;
      continue;
    }
    if (at == text.size() || lower(text[at]) != lower(part[i])) return std::string_view::npos;
    ++at;
    ++i;
  }
  return at;
}

void remove_texts(std::string& text, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) text = without_text(text, part);
}

}  // namespace

std::string without_text(std::string_view text, std::string_view part) {
  while (!part.empty() && is_blank(part.front())) part.remove_prefix(1);
  while (!part.empty() && is_blank(part.back())) part.remove_suffix(1);
  if (part.empty()) return std::string(text);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = end_of(text, at, part);
    if (end == std::string_view::npos) {
      out += text[at++];
    } else {
      out += ' ';
      at = end;
    }
  }
  return out;
}

cache::Bundle without(const cache::Bundle& bundle, const Withheld& withheld) {
  cache::Bundle out = bundle;
  for (cache::RepositoryEntry& entry : out.repositories) {
    if (withheld.descriptions) entry.metadata.description.reset();
    if (withheld.topics) entry.metadata.topics.clear();
    if (withheld.contexts) entry.repo_context = "{}";
    if (withheld.languages) {
      entry.languages.clear();
      entry.metadata.language.reset();
    }
    for (std::string* text : {&entry.readme, &entry.skills_index, &entry.architecture}) {
      remove_texts(*text, withheld.texts);
    }
  }
  return out;
}

std::vector<std::vector<search::Chunk>> rankable_chunks(const cache::Bundle& bundle,
                                                        const Withheld& withheld) {
  std::vector<std::vector<search::Chunk>> out;
  for (const cache::RepositoryEntry& entry : bundle.repositories) {
    out.push_back(search::chunks_of(entry));
    for (search::Chunk& chunk : out.back()) {
      if (withheld.headings) chunk.heading_path.clear();
      remove_texts(chunk.text, withheld.texts);
      for (std::string& heading : chunk.heading_path) remove_texts(heading, withheld.texts);
      chunk.hash = search::chunk_hash(entry.name, chunk);
    }
  }
  return out;
}

}  // namespace cloudfolio::evaluation

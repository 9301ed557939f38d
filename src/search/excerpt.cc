#include "search/excerpt.h"

#include <algorithm>
#include <set>
#include <vector>

#include "retrieval/inline_text.h"
#include "retrieval/words.h"

namespace cloudfolio::search {
namespace {

struct Line {
  std::string text;
  std::size_t number;
  std::set<std::string> words;  // Those of the query that it has.
};

std::vector<Line> lines_of(const Chunk& chunk, std::string_view document,
                           const std::set<std::string>& wanted) {
  std::vector<Line> lines;
  retrieval::InlineText reader;
  std::size_t number = 0;
  while (!document.empty() && number < chunk.line_to) {
    ++number;
    const std::size_t end = document.find('\n');
    const std::string_view raw = document.substr(0, end);
    document.remove_prefix(end == std::string_view::npos ? document.size() : end + 1);
    if (number < chunk.line_from) continue;
    Line line{reader.read(raw), number, {}};
    retrieval::each_word(line.text, [&](std::string_view word) {
      if (const auto found = wanted.find(std::string(word)); found != wanted.end()) {
        line.words.insert(*found);
      }
    });
    lines.push_back(std::move(line));
  }
  return lines;
}

// The part of one long line around the first word of the query.
std::string part_of_line(const Line& line, const std::set<std::string>& wanted,
                         std::size_t bytes_max) {
  const std::string lower = retrieval::folded(line.text);
  std::size_t at = 0;
  for (const std::string& word : wanted) {
    // A stem is the beginning of its words, but for an i that stands for a y.
    const std::string_view beginning(word.data(), word.size() - (word.ends_with('i') ? 1 : 0));
    if (const std::size_t found = lower.find(beginning); found != std::string::npos) {
      at = std::min(found, line.text.size());
      break;
    }
  }
  std::size_t from = at > bytes_max / 3 ? at - bytes_max / 3 : 0;
  while (from > 0 && (static_cast<unsigned char>(line.text[from]) & 0xC0) == 0x80) --from;
  return std::string(retrieval::cut_utf8(std::string_view(line.text).substr(from), bytes_max));
}

}  // namespace

Excerpt excerpt_of(const Chunk& chunk, std::string_view document, std::string_view query,
                   std::size_t bytes_max) {
  if (chunk.text.size() <= bytes_max) return {chunk.text, chunk.line_from, chunk.line_to};
  std::set<std::string> wanted;
  for (std::string& word : retrieval::words_of(query)) {
    if (!retrieval::is_stop_word(word)) wanted.insert(std::move(word));
  }
  const std::vector<Line> lines = lines_of(chunk, document, wanted);
  // The window of whole lines that has most of the query's words; the first of equals.
  std::size_t best_from = 0;
  std::size_t best_to = 0;
  std::size_t best_words = 0;
  for (std::size_t from = 0; from < lines.size(); ++from) {
    std::set<std::string> words;
    std::size_t bytes = 0;
    std::size_t to = from;
    while (to < lines.size() && bytes + lines[to].text.size() + 1 <= bytes_max) {
      bytes += lines[to].text.size() + 1;
      words.insert(lines[to].words.begin(), lines[to].words.end());
      ++to;
    }
    if (to == from) {
      words = lines[from].words;
      to = from + 1;
    }
    if (best_to == 0 || words.size() > best_words) {
      best_from = from;
      best_to = to;
      best_words = words.size();
    }
  }
  if (best_to == 0) {
    return {std::string(retrieval::cut_utf8(chunk.text, bytes_max)), chunk.line_from,
            chunk.line_to};
  }
  Excerpt excerpt{{}, lines[best_from].number, lines[best_to - 1].number};
  if (best_to == best_from + 1) {
    excerpt.text = part_of_line(lines[best_from], wanted, bytes_max);
    return excerpt;
  }
  for (std::size_t i = best_from; i < best_to; ++i) {
    if (lines[i].text.empty()) continue;
    if (!excerpt.text.empty()) excerpt.text += '\n';
    excerpt.text += lines[i].text;
  }
  return excerpt;
}

}  // namespace cloudfolio::search

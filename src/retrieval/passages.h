#pragma once
// Sections cut into passages: what is ranked, embedded and quoted.
//
// A passage never crosses a heading. A section that fits is one passage; a longer one is split at
// its blocks (paragraphs, lists, code), a block that alone is too long at its lines or words.
// Promises: in the document's order; together they hold every word of every block, once; each says
// true lines of the original.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "retrieval/markdown.h"

namespace cloudfolio::retrieval {

struct Passage {
  std::vector<std::string> heading_path;
  std::size_t section = 0;  // Which of the sections it is from.
  std::size_t line_from = 0;
  std::size_t line_to = 0;
  std::string text;

  std::string_view heading() const {
    return heading_path.empty() ? std::string_view() : heading_path.back();
  }
  // "Usage > Options".
  std::string heading_text() const;
};

struct PassageLimits {
  // By estimated_token_count. MiniLM reads 256 tokens, the heading path and the repository's name
  // come before the text, and the estimate is a little off.
  std::size_t token_count_max = 180;
};

std::vector<Passage> passages_of(const std::vector<Section>& sections, PassageLimits limits);
inline std::vector<Passage> passages_of(const std::vector<Section>& sections) {
  return passages_of(sections, PassageLimits());
}

// About how many WordPiece tokens a text has, without a vocabulary: one a word and one more for
// each six letters beyond eight, one a punctuation mark, one a byte pair of other scripts.
std::size_t estimated_token_count(std::string_view text);

}  // namespace cloudfolio::retrieval

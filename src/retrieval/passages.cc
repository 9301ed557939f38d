#include "retrieval/passages.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace cloudfolio::retrieval {
namespace {

// A passage's bytes are bounded too: no token of prose is longer.
constexpr std::size_t kTokenBytesMax = 40;

struct Piece {
  std::string_view text;
  std::size_t line_from;
  std::size_t line_to;
  std::size_t token_count;
};

// The longest prefix of `text` of at most `token_count_max` estimated tokens, cut behind a word
// where there is one.
std::size_t fitting_prefix(std::string_view whole, std::size_t token_count_max) {
  const std::string_view text = whole.substr(0, token_count_max * kTokenBytesMax);
  std::size_t fits = 0;
  std::size_t count = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = text.find_first_of(" \n\t", at);
    end = end == std::string_view::npos ? text.size() : end + 1;
    count += estimated_token_count(text.substr(at, end - at));
    const bool word_goes_on = end == text.size() && text.size() < whole.size();
    if (count > token_count_max || word_goes_on) break;
    fits = end;
    at = end;
  }
  if (fits > 0) return fits;
  // One "word" without end: cut it hard, between characters.
  std::size_t hard = std::min(text.size(), token_count_max * 2);
  while (hard > 1 && hard < text.size() &&
         (static_cast<unsigned char>(text[hard]) & 0xC0) == 0x80) {
    --hard;
  }
  return std::max<std::size_t>(hard, 1);
}

// Line numbers of a part of a block's text: exact for code, whose lines are kept; for prose the
// part is located by its share of the block, widened by a line on either side.
void locate(const Block& block, std::size_t from, std::size_t to, Piece& piece) {
  const std::size_t line_count = block.line_to - block.line_from + 1;
  if (block.kind == Block::Kind::code) {
    const auto newlines = [&](std::size_t end) {
      return static_cast<std::size_t>(std::count(
          block.text.begin(), block.text.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
    };
    // The first line of a fenced block is its fence.
    piece.line_from =
        std::min(block.line_to, block.line_from + (from == 0 ? 0 : newlines(from) + 1));
    piece.line_to = to == block.text.size()
                        ? block.line_to
                        : std::min(block.line_to, block.line_from + newlines(to) + 1);
    return;
  }
  const auto line_at = [&](std::size_t byte) { return byte * line_count / block.text.size(); };
  const std::size_t first = line_at(from);
  piece.line_from = block.line_from + (first > 0 && from > 0 ? first - 1 : first);
  piece.line_to = std::min(block.line_to, block.line_from + line_at(to) + 1);
}

void split_block(const Block& block, std::size_t token_count_max, std::vector<Piece>& out) {
  const std::size_t count = estimated_token_count(block.text);
  if (count <= token_count_max) {
    out.push_back({block.text, block.line_from, block.line_to, count});
    return;
  }
  const std::string_view text = block.text;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t length = fitting_prefix(text.substr(at), token_count_max);
    // Code is cut behind a line, prose behind a sentence, where one ends in the second half.
    const std::string_view part = text.substr(at, length);
    if (at + length < text.size()) {
      const std::size_t border =
          block.kind == Block::Kind::code ? part.rfind('\n') : part.rfind(". ");
      if (border != std::string_view::npos && border > length / 2) length = border + 1;
    }
    Piece piece{text.substr(at, length), 0, 0, 0};
    piece.token_count = estimated_token_count(piece.text);
    locate(block, at, at + length, piece);
    out.push_back(piece);
    at += length;
  }
}

}  // namespace

std::string Passage::heading_text() const {
  std::string out;
  for (const std::string& heading : heading_path) {
    if (!out.empty()) out += " > ";
    out += heading;
  }
  return out;
}

std::vector<Passage> passages_of(const std::vector<Section>& sections, PassageLimits limits) {
  std::vector<Passage> passages;
  std::vector<Piece> pieces;
  for (std::size_t s = 0; s < sections.size(); ++s) {
    const Section& section = sections[s];
    pieces.clear();
    for (const Block& block : section.blocks) split_block(block, limits.token_count_max, pieces);
    std::size_t token_count = 0;
    bool first = true;
    for (const Piece& piece : pieces) {
      if (first || token_count + piece.token_count > limits.token_count_max) {
        passages.push_back({section.heading_path,
                            s,
                            first ? section.line_from : piece.line_from,
                            piece.line_to,
                            {}});
        token_count = 0;
        first = false;
      }
      Passage& passage = passages.back();
      if (!passage.text.empty() && !passage.text.ends_with('\n')) passage.text += '\n';
      passage.text += piece.text;
      passage.line_to = std::max(passage.line_to, piece.line_to);
      token_count += piece.token_count;
    }
  }
  for (Passage& passage : passages) {
    while (!passage.text.empty() && static_cast<unsigned char>(passage.text.back()) <= ' ') {
      passage.text.pop_back();
    }
  }
  return passages;
}

std::size_t estimated_token_count(std::string_view text) {
  std::size_t count = 0;
  std::size_t letters = 0;
  std::size_t foreign = 0;
  const auto end_word = [&] {
    if (letters > 0) count += 1 + (letters > 8 ? (letters - 3) / 6 : 0);
    letters = 0;
  };
  for (const char raw : text) {
    const auto c = static_cast<unsigned char>(raw);
    if (std::isalnum(c)) {
      ++letters;
      continue;
    }
    end_word();
    if (c & 0x80) {
      ++foreign;
    } else if (c > ' ') {
      ++count;
    }
  }
  end_word();
  return count + (foreign + 1) / 2;
}

}  // namespace cloudfolio::retrieval

#pragma once
// Documents as sections: what stands under which heading, on which lines.
//
// Markdown (ATX, setext and HTML headings; fenced code), reStructuredText (underlined headings) and
// plain text. The text of a block is what a reader would read: badges, images, link targets, HTML,
// emphasis marks and comments are gone, words stay. Lines are those of the original, so that a
// quote can be checked.
//
// Promises: any bytes give a defined result, in time linear in their number; the same bytes give
// the same sections on every machine. A change of what these functions return is a new
// kDocumentRecipe.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cloudfolio::retrieval {

// Part of every fingerprint of something made from sections or passages.
inline constexpr std::string_view kDocumentRecipe = "documents-1";
inline constexpr std::size_t kHeadingBytesMax = 200;  // Longer headings are cut.

enum class Markup : std::uint8_t { markdown, restructured_text, plain };

// By the file's name: .rst and .rest; .txt, .adoc, .org; everything else is read as Markdown.
Markup markup_of(std::string_view path);

struct Block {
  enum class Kind : std::uint8_t { prose, code };
  Kind kind = Kind::prose;
  std::size_t line_from = 0;  // 1-based, both ends included.
  std::size_t line_to = 0;
  std::string text;         // As read; the lines of code stay lines, prose is one line.
  std::string_view source;  // The original lines; borrows the document.
};

struct Section {
  // Outermost first, the section's own last; empty for what stands before the first heading.
  std::vector<std::string> heading_path;
  std::size_t level = 0;      // 1 for the outermost heading, 0 without.
  std::size_t line_from = 0;  // The heading's line, or the first block's.
  std::size_t line_to = 0;
  std::vector<Block> blocks;  // Of this section alone; sub-sections are sections of their own.

  std::string_view heading() const {
    return heading_path.empty() ? std::string_view() : heading_path.back();
  }
  // All blocks, a line feed between them.
  std::string body() const;
};

// In the order of the document. Sections without any block are kept: their heading may matter.
// Borrows `text` in Block::source.
std::vector<Section> sections_of(std::string_view text, Markup markup);

// Letters in the prose of a document: what "40 characters of prose" counts. Code, headings and
// white space do not count.
std::size_t prose_character_count(const std::vector<Section>& sections);

}  // namespace cloudfolio::retrieval

#pragma once
// One line of Markdown, HTML or reStructuredText as the words that a reader sees.

#include <string>
#include <string_view>

namespace cloudfolio::retrieval {

// Feed it the lines of a document in order: comments and tags may span lines.
class InlineText {
 public:
  // The line without images, badges, link targets, bare URLs, tags, comments and emphasis marks;
  // white space is one blank, none at the ends. Linear in the line.
  std::string read(std::string_view line);
  // True inside a comment or a tag that an earlier line opened.
  bool open() const { return in_comment_ || in_tag_; }
  // At a border that ends what was left open (a heading, a blank line).
  void reset() { in_tag_ = false; }

 private:
  void append(std::string_view text, std::string& out, int depth);
  // Each takes what stands at `at` and returns the place after it.
  std::size_t append_bracket(std::string_view text, std::size_t at, std::string& out, int depth);
  std::size_t append_tag(std::string_view text, std::size_t at, std::string& out);

  bool in_comment_ = false;
  bool in_tag_ = false;
};

// `text` cut to at most `bytes_max` bytes, never inside a UTF-8 character.
std::string_view cut_utf8(std::string_view text, std::size_t bytes_max);

}  // namespace cloudfolio::retrieval

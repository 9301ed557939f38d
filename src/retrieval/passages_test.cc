#include "retrieval/passages.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace cloudfolio::retrieval {
namespace {

std::vector<Passage> cut(std::string_view text, std::size_t token_count_max = 180) {
  return passages_of(sections_of(text, Markup::markdown), {.token_count_max = token_count_max});
}

std::string paragraph(int number, int word_count) {
  std::string out;
  for (int i = 0; i < word_count; ++i) out += "w" + std::to_string(number) + " ";
  return out + "\n\n";
}

TEST(passages, a_short_section_is_one_passage_that_begins_at_its_heading) {
  const auto passages = cut("# Tool\n\nOne.\n\nTwo.\n\n## Use\nThree.\n");
  ASSERT_EQ(passages.size(), 2U);
  EXPECT_EQ(passages[0].text, "One.\nTwo.");
  EXPECT_EQ(passages[0].line_from, 1U);
  EXPECT_EQ(passages[0].line_to, 5U);
  EXPECT_EQ(passages[1].heading_text(), "Tool > Use");
  EXPECT_EQ(passages[1].line_from, 7U);
}

TEST(passages, a_long_section_is_split_at_its_paragraphs) {
  std::string text = "# T\n";
  for (int i = 0; i < 6; ++i) text += paragraph(i, 20);
  const auto passages = cut(text, 50);
  ASSERT_EQ(passages.size(), 3U);
  EXPECT_EQ(passages[0].line_from, 1U);
  EXPECT_EQ(passages[1].line_from, 6U);
  EXPECT_EQ(passages[1].line_to, 8U);
  EXPECT_EQ(passages[2].heading(), "T");
}

TEST(passages, code_that_fits_stays_whole_and_code_that_does_not_is_cut_at_lines) {
  std::string code = "# T\nSome words here.\n\n```\n";
  for (int i = 0; i < 30; ++i) code += "call line " + std::to_string(i) + "\n";
  code += "```\n";
  const auto whole = cut(code, 120);
  ASSERT_EQ(whole.size(), 1U);
  const auto parts = cut(code, 40);
  ASSERT_GT(parts.size(), 2U);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    EXPECT_TRUE(parts[i].text.starts_with("call line")) << parts[i].text;
    EXPECT_GT(parts[i].line_from, parts[i - 1].line_from);
  }
  EXPECT_EQ(parts.back().line_to, 35U);
}

TEST(passages, no_word_is_lost_and_no_passage_is_too_long) {
  std::string text = "# T\n";
  std::size_t words = 0;
  for (int i = 0; i < 40; ++i) {
    text += paragraph(i, i * 7 % 300);
    words += static_cast<std::size_t>(i * 7 % 300);
  }
  std::size_t found = 0;
  for (const Passage& passage : cut(text)) {
    EXPECT_LE(estimated_token_count(passage.text), 180U);
    found += static_cast<std::size_t>(std::count(passage.text.begin(), passage.text.end(), 'w'));
    EXPECT_LE(passage.line_from, passage.line_to);
  }
  EXPECT_EQ(found, words);
}

TEST(passages, a_readme_of_ten_thousand_lines_and_a_line_without_end_are_cut) {
  std::string lines;
  for (int i = 0; i < 10'000; ++i) lines += "line number " + std::to_string(i) + " says a thing\n";
  const auto passages = cut(lines);
  EXPECT_GT(passages.size(), 300U);
  EXPECT_EQ(passages.back().line_to, 10'000U);
  const auto endless = cut(std::string(1'000'000, 'x'));
  EXPECT_FALSE(endless.empty());
  for (const Passage& passage : endless) EXPECT_LE(passage.text.size(), 16U * 1024);
}

TEST(passages, a_document_of_headings_alone_has_none) {
  EXPECT_TRUE(cut("# A\n## B\n").empty());
  EXPECT_TRUE(cut("").empty());
}

}  // namespace
}  // namespace cloudfolio::retrieval

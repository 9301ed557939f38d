#include "retrieval/markdown.h"

#include <gtest/gtest.h>

#include <chrono>

#include "base/random.h"
#include "retrieval/inline_text.h"

namespace cloudfolio::retrieval {
namespace {

std::string read(std::string_view line) {
  return InlineText().read(line);
}

TEST(markdown, a_section_says_its_heading_path_and_its_lines) {
  const auto sections = sections_of(
      "# Tool\n\nIntro.\n\n## Usage\n### Flags\nText of flags.\n## End\nBye.\n", Markup::markdown);
  ASSERT_EQ(sections.size(), 4U);
  EXPECT_EQ(sections[0].heading(), "Tool");
  EXPECT_EQ(sections[0].line_from, 1U);
  EXPECT_EQ(sections[0].line_to, 3U);
  EXPECT_EQ(sections[1].heading(), "Usage");
  EXPECT_TRUE(sections[1].blocks.empty());
  EXPECT_EQ(sections[2].heading_path, (std::vector<std::string>{"Tool", "Usage", "Flags"}));
  EXPECT_EQ(sections[2].body(), "Text of flags.");
  EXPECT_EQ(sections[2].line_from, 6U);
  EXPECT_EQ(sections[2].line_to, 7U);
  EXPECT_EQ(sections[3].heading_path, (std::vector<std::string>{"Tool", "End"}));
}

TEST(markdown, text_before_the_first_heading_is_a_section_without_one) {
  const auto sections = sections_of("\n\nHello there.\n\n# A\nb\n", Markup::markdown);
  ASSERT_EQ(sections.size(), 2U);
  EXPECT_EQ(sections[0].heading(), "");
  EXPECT_EQ(sections[0].line_from, 3U);
}

TEST(markdown, underlined_and_html_headings_count_and_rules_do_not) {
  const auto sections = sections_of(
      "Tool\n====\nIntro.\n\nPart\n----\nText.\n\n---\n\nMore.\n\n<h2 align=\"center\">\n  "
      "Html\n</h2>\nLast.\n",
      Markup::markdown);
  ASSERT_EQ(sections.size(), 3U);
  EXPECT_EQ(sections[0].heading(), "Tool");
  EXPECT_EQ(sections[1].heading(), "Part");
  EXPECT_EQ(sections[1].body(), "Text.\nMore.");
  EXPECT_EQ(sections[2].heading_path, (std::vector<std::string>{"Tool", "Html"}));
  EXPECT_EQ(sections[2].line_from, 13U);
}

TEST(markdown, a_hash_inside_fenced_code_is_no_heading_and_code_keeps_its_lines) {
  const auto sections = sections_of(
      "# A\n```sh\n# comment\nmake all\n```\nAfter.\n~~~\nopen to the end\n", Markup::markdown);
  ASSERT_EQ(sections.size(), 1U);
  ASSERT_EQ(sections[0].blocks.size(), 3U);
  EXPECT_EQ(sections[0].blocks[0].kind, Block::Kind::code);
  EXPECT_EQ(sections[0].blocks[0].text, "# comment\nmake all");
  EXPECT_EQ(sections[0].blocks[0].line_from, 2U);
  EXPECT_EQ(sections[0].blocks[0].line_to, 5U);
  EXPECT_EQ(sections[0].blocks[2].text, "open to the end");
  EXPECT_EQ(sections[0].line_to, 8U);
}

TEST(markdown, badges_images_link_targets_tags_and_comments_are_no_words) {
  EXPECT_EQ(read("[![Build](https://x.io/b.svg)](https://x.io) A **fast** [tool](http://a.b/c) for "
                 "`snake_case`."),
            "A fast tool for snake_case.");
  EXPECT_EQ(read("<p align=center><img src=\"x.png\">Hi&nbsp;there &amp; you<br/>all</p>"),
            "Hi there & you all");
  EXPECT_EQ(read("see https://example.com/very/long?x=1 now"), "see now");
  EXPECT_EQ(read("a < b and vector<int> x"), "a < b and vector<int> x");
  EXPECT_EQ(read("keep my_snake_name but _emphasis_ goes"), "keep my_snake_name but emphasis goes");
  const auto sections =
      sections_of("# T\n<!-- hidden\nstill hidden\n# no heading\n-->\nSeen.\n[ref]: http://x.y\n",
                  Markup::markdown);
  ASSERT_EQ(sections.size(), 1U);
  EXPECT_EQ(sections[0].body(), "Seen.");
}

TEST(markdown, lists_quotes_tasks_and_tables_keep_their_words) {
  const auto sections = sections_of(
      "- [x] one\n* two\n1. three\n> four\n\n| Name | Use |\n|------|-----|\n| a | b |\n",
      Markup::markdown);
  ASSERT_EQ(sections.size(), 1U);
  EXPECT_EQ(sections[0].blocks[0].text, "one two three four");
  EXPECT_EQ(sections[0].blocks[1].text, "Name Use a b");
}

TEST(markdown, restructured_text_orders_its_headings_by_appearance) {
  const auto sections = sections_of(
      "=====\nTitle\n=====\n\nIntro ``code`` and `link <http://x.y>`_.\n\nPart\n----\n.. image:: "
      "x.png\n   :alt: y\n\nText.\n",
      Markup::restructured_text);
  ASSERT_EQ(sections.size(), 2U);
  EXPECT_EQ(sections[0].heading(), "Title");
  EXPECT_EQ(sections[0].line_from, 1U);
  EXPECT_EQ(sections[1].heading_path, (std::vector<std::string>{"Title", "Part"}));
  EXPECT_EQ(sections[1].body(), "Text.");
}

TEST(markdown, plain_text_has_only_underlined_headings) {
  const auto sections =
      sections_of("# not a heading\n\nTitle\n=====\nBody *as it is*.\n", Markup::plain);
  ASSERT_EQ(sections.size(), 2U);
  EXPECT_EQ(sections[1].heading(), "Title");
  EXPECT_EQ(sections[1].body(), "Body *as it is*.");
  EXPECT_EQ(markup_of("docs/README.rst"), Markup::restructured_text);
  EXPECT_EQ(markup_of("README"), Markup::markdown);
  EXPECT_EQ(markup_of("readme.TXT"), Markup::plain);
}

TEST(markdown, front_matter_and_a_byte_order_mark_are_skipped) {
  const auto sections = sections_of("\xEF\xBB\xBF# T\r\nText.\r\n", Markup::markdown);
  ASSERT_EQ(sections.size(), 1U);
  EXPECT_EQ(sections[0].heading(), "T");
  EXPECT_EQ(sections[0].body(), "Text.");
  EXPECT_EQ(sections_of("---\ntitle: x\n---\nBody\n", Markup::markdown)[0].body(), "Body");
}

TEST(markdown, prose_is_counted_without_code_and_headings) {
  const auto sections =
      sections_of("# Heading here\n\nab cd\n```\ncode code\n```\n\xC3\xA9\n", Markup::markdown);
  EXPECT_EQ(prose_character_count(sections), 5U);
}

TEST(markdown, hostile_text_gives_a_result_in_linear_time) {
  const auto started = std::chrono::steady_clock::now();
  for (const char* unit : {"[", "![", "<!--", "<a ", "`", "``", "_", "*_", "](", "#", "> ", "|",
                           "&", "http://", "\\", "====\n", "<h1>\n", "```\n", "- "}) {
    std::string text;
    while (text.size() < 200'000) text += unit;
    const auto sections = sections_of(text, Markup::markdown);
    (void)sections_of(text, Markup::restructured_text);
    for (const Section& section : sections) EXPECT_LE(section.line_from, section.line_to) << unit;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(60));
}

TEST(markdown, any_bytes_give_sections_whose_lines_exist) {
  constexpr std::uint64_t kSeed = 20261;
  SCOPED_TRACE(kSeed);
  Random random(kSeed);
  const std::string alphabet = "ab #\n\n=-`~[]()<>!|*_\\&\x80\xC3\xA9\t\r.:>";
  for (int round = 0; round < 300; ++round) {
    std::string text;
    const auto length = random.below(400);
    for (std::uint64_t i = 0; i < length; ++i) text += alphabet[random.below(alphabet.size())];
    const auto line_count =
        static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    for (const Markup markup : {Markup::markdown, Markup::restructured_text, Markup::plain}) {
      for (const Section& section : sections_of(text, markup)) {
        EXPECT_GE(section.line_from, 1U);
        EXPECT_LE(section.line_from, section.line_to);
        EXPECT_LE(section.line_to, line_count);
        for (const Block& block : section.blocks) {
          EXPECT_LE(block.line_from, block.line_to);
          EXPECT_LE(block.line_to, section.line_to);
          EXPECT_FALSE(block.source.empty());
        }
      }
    }
  }
}

}  // namespace
}  // namespace cloudfolio::retrieval

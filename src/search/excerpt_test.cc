#include "search/excerpt.h"

#include <gtest/gtest.h>

#include "search/testing/published_portfolio.h"

namespace cloudfolio::search {
namespace {

TEST(excerpt, a_short_chunk_is_shown_whole) {
  const auto chunks = chunks_of(testing::repository("a", "# A\nShort text.\n"));
  const Excerpt excerpt = excerpt_of(chunks[1], "# A\nShort text.\n", "text", 100);
  EXPECT_EQ(excerpt.text, "Short text.");
  EXPECT_EQ(excerpt.line_from, 1U);
}

TEST(excerpt, of_a_long_chunk_the_lines_that_fit_the_query_are_shown) {
  std::string readme = "# A\n";
  for (int i = 0; i < 12; ++i) readme += "Filler number " + std::to_string(i) + " goes here.\n";
  readme += "The **walrus** sings.\n";
  const auto chunks = chunks_of(testing::repository("a", readme));
  const Excerpt excerpt = excerpt_of(chunks[1], readme, "walrus", 80);
  EXPECT_NE(excerpt.text.find("The walrus sings."), std::string::npos);
  EXPECT_LE(excerpt.text.size(), 80U);
  EXPECT_LE(excerpt.line_from, 14U);
  EXPECT_GE(excerpt.line_to, 14U);
}

TEST(excerpt, a_line_without_end_is_cut_around_the_word) {
  std::string readme = "# A\n";
  for (int i = 0; i < 60; ++i) readme += "filler ";
  readme += "walrus sings here";
  const auto chunks = chunks_of(testing::repository("a", readme));
  const Excerpt excerpt = excerpt_of(chunks[1], readme, "walrus", 60);
  EXPECT_NE(excerpt.text.find("walrus"), std::string::npos);
  EXPECT_LE(excerpt.text.size(), 60U);
}

}  // namespace
}  // namespace cloudfolio::search

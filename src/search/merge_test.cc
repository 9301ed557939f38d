#include "search/merge.h"

#include <gtest/gtest.h>

namespace cloudfolio::search {
namespace {

SearchResult result(const std::string& repository, double score, Exact exact = Exact::none) {
  SearchResult one;
  one.repository = repository;
  one.score = score;
  one.exact = exact;
  return one;
}

SearchAnswer answer(std::vector<SearchResult> results) {
  SearchAnswer all;
  all.mode = "lexical";
  all.generation = 7;
  all.results = std::move(results);
  return all;
}

std::string names(const SearchAnswer& all) {
  std::string names;
  for (const SearchResult& one : all.results) names += one.repository + " ";
  return names;
}

TEST(Merge, exact_names_come_first_then_scores_then_what_is_public) {
  SearchAnswer all = answer({result("a", 0.9), result("b", 0.5), result("c", 0.1)});
  merge(all,
        answer({result("exact", 0.2, Exact::name), result("equal", 0.5), result("last", 0.01)}),
        10);
  EXPECT_EQ(names(all), "exact a b equal c last ");
  EXPECT_EQ(all.results[0].visibility, Visibility::private_);
  EXPECT_EQ(all.results[1].visibility, Visibility::public_);
  EXPECT_EQ(all.own->generation, 7u);
}

TEST(Merge, the_top_k_are_a_prefix_of_the_top_n) {
  const auto merged = [](std::size_t limit) {
    std::vector<SearchResult> everybody;
    std::vector<SearchResult> own;
    for (std::size_t i = 0; i < limit; ++i) {
      everybody.push_back(result("p" + std::to_string(i), 1.0 / double(i + 1)));
      own.push_back(result("o" + std::to_string(i), 0.8 / double(i + 1)));
    }
    SearchAnswer all = answer(std::move(everybody));
    merge(all, answer(std::move(own)), limit);
    return names(all);
  };
  const std::string longest = merged(20);
  for (std::size_t limit = 1; limit < 20; ++limit)
    EXPECT_TRUE(longest.starts_with(merged(limit))) << limit;
}

TEST(Merge, facets_are_counted_together) {
  SearchAnswer all = answer({});
  all.facets.languages = {{"C++", 2}, {"Go", 1}};
  SearchAnswer own = answer({});
  own.facets.languages = {{"Go", 2}, {"Zig", 1}};
  merge(all, std::move(own), 10);
  ASSERT_EQ(all.facets.languages.size(), 3u);
  EXPECT_EQ(all.facets.languages[0].value, "Go");
  EXPECT_EQ(all.facets.languages[0].count, 3u);
  EXPECT_EQ(all.facets.languages[2].value, "Zig");
}

TEST(Merge, a_repository_that_is_in_both_is_the_public_one) {
  SearchAnswer all = answer({result("moved", 0.3)});
  merge(all, answer({result("moved", 0.9)}), 10);
  EXPECT_EQ(names(all), "moved ");
  EXPECT_EQ(all.results[0].visibility, Visibility::public_);
}

TEST(Merge, a_private_part_that_fails_costs_only_itself_and_is_said) {
  SearchAnswer all = answer({result("a", 0.9)});
  merge(all, Error(Code::unavailable, "the store is out for lunch"), 10);
  EXPECT_EQ(names(all), "a ");
  EXPECT_EQ(all.own->mode, "unavailable");
  EXPECT_NE(to_json(all).find("out for lunch"), std::string::npos);
}

TEST(Merge, an_answer_without_private_part_says_nothing_of_one) {
  const std::string text = to_json(answer({result("a", 0.9)}));
  EXPECT_EQ(text.find("private"), std::string::npos);
  EXPECT_EQ(text.find("visibility"), std::string::npos);
}

}  // namespace
}  // namespace cloudfolio::search

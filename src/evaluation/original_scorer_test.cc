#include "evaluation/original_scorer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "search/testing/published_portfolio.h"

namespace cloudfolio::evaluation {
namespace {

std::vector<std::vector<float>> random_rows(std::size_t count, std::size_t dimension) {
  Random random(7);
  std::vector<std::vector<float>> rows(count, std::vector<float>(dimension));
  for (auto& row : rows) {
    for (float& value : row) value = static_cast<float>(random.unit()) - 0.5F;
  }
  return rows;
}

TEST(Whitenings, keep_nine_tenths_of_the_directions) {
  const std::pair<std::size_t, std::size_t> wanted[] = {{1, 0}, {2, 0},  {3, 1},   {4, 2},
                                                        {5, 3}, {10, 8}, {20, 17}, {50, 44}};
  for (const auto& [count, components] : wanted) {
    EXPECT_EQ(Whitening::fit(random_rows(count, 96)).component_count(), components) << count;
  }
}

// Before their length is made one, whitened rows have variance 1 in each direction and none is
// correlated with another; of unit vectors the directions stay orthogonal to the mean.
TEST(Whitenings, give_unit_vectors_whose_sum_is_small) {
  const auto rows = random_rows(20, 32);
  const Whitening whitening = Whitening::fit(rows);
  std::vector<double> sum(whitening.component_count(), 0.0);
  for (const auto& row : rows) {
    const auto whitened = whitening.apply(row);
    double length = 0;
    for (std::size_t i = 0; i < whitened.size(); ++i) {
      length += whitened[i] * whitened[i];
      sum[i] += whitened[i];
    }
    EXPECT_NEAR(std::sqrt(length), 1, 1e-9);
  }
  for (const double value : sum) EXPECT_LT(std::abs(value), 3);
}

TEST(OriginalLanguages, are_named_by_synonyms_as_the_original_reads_them) {
  EXPECT_EQ(languages_named("a Django app with SQLite"),
            (std::vector<std::string>{"python", "sql"}));
  // A word boundary after the sign makes both of them C.
  EXPECT_EQ(languages_named("modern C++ and c#"), std::vector<std::string>{"c"});
  EXPECT_TRUE(languages_named("tides").empty());
}

TEST(OriginalScores, weigh_language_and_type_where_there_is_no_context) {
  cache::Bundle bundle;
  bundle.repositories = {search::testing::repository("one", "# one\n\nText.", {}, "Python"),
                         search::testing::repository("two", "# two\n\nText.", {}, "Go")};
  const search::testing::WordEmbedder model("base:1");
  const auto scorer = OriginalScorer::fit(bundle, model);
  ASSERT_TRUE(scorer.ok());
  const auto scores = scorer->scores("python", *model.embed_text("python"));
  EXPECT_NEAR(scores[0], 0.25 + 0.15, 1e-6);
  EXPECT_NEAR(scores[1], 0.15, 1e-6);
}

TEST(OriginalScores, compare_contexts_by_meaning) {
  const char* topics[] = {"tides harbour water", "bus stop departure", "bread sourdough oven",
                          "chess endgame table"};
  cache::Bundle bundle;
  for (int i = 0; i < 4; ++i) {
    auto entry = search::testing::repository("r" + std::to_string(i), "# r\n\nText.");
    entry.repo_context =
        std::string(R"({"project_identity":{"description":")") + topics[i] + "\"}}";
    bundle.repositories.push_back(std::move(entry));
  }
  const search::testing::WordEmbedder model("base:1");
  const auto scorer = OriginalScorer::fit(bundle, model);
  ASSERT_TRUE(scorer.ok());
  const auto scores = scorer->scores("bus departure", *model.embed_text("bus departure"));
  ASSERT_EQ(scores.size(), 4U);
  for (const float score : scores) EXPECT_TRUE(std::isfinite(score));
}

}  // namespace
}  // namespace cloudfolio::evaluation

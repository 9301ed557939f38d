#include "retrieval/lexical.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "retrieval/fusion.h"

namespace cloudfolio::retrieval {
namespace {

const std::vector<LexicalDocument> kDocuments = {
    {"xsv", "xsv > Usage", "A command line program for slicing CSV files quickly."},
    {"walkdir", "Walkdir", "Walks a directory recursively. It yields files."},
    {"toml", "Parsing", "Parses configuration files of the TOML kind."}};

TEST(lexical, the_document_that_has_the_words_ranks_first) {
  const auto index = LexicalIndex::build(kDocuments);
  const auto scores = index.scores("walk a directory");
  EXPECT_GT(scores[1], scores[0]);
  EXPECT_GT(scores[1], scores[2]);
  EXPECT_EQ(scores[0], 0.0F);
}

TEST(lexical, a_single_field_scores_as_the_formula_says) {
  const std::vector<LexicalDocument> documents = {{"", "", "cat cat dog"}, {"", "", "dog"}};
  const auto index = LexicalIndex::build(documents);
  // N = 2, n(cat) = 1; lengths 3 and 1, mean 2.
  const double idf = std::log(1.0 + (2 - 1 + 0.5) / (1 + 0.5));
  const double tf = 2.0 / (1 - 0.75 + 0.75 * 3 / 2.0);
  EXPECT_NEAR(index.scores("cat")[0], idf * 2.2 * tf / (1.2 + tf), 1e-5);
  EXPECT_EQ(index.scores("cat")[1], 0.0F);
}

TEST(lexical, stop_words_count_only_alone) {
  const std::vector<LexicalDocument> documents = {{"", "", "the how what"},
                                                  {"", "", "query planner"}};
  const auto index = LexicalIndex::build(documents);
  EXPECT_EQ(index.scores("how the planner")[0], 0.0F);
  EXPECT_GT(index.scores("what how")[0], 0.0F);
}

TEST(lexical, coverage_is_the_share_of_the_query_that_a_document_has) {
  const auto index = LexicalIndex::build(kDocuments);
  const auto covered = index.coverage("slicing csv");
  EXPECT_FLOAT_EQ(covered[0], 1.0F);
  EXPECT_FLOAT_EQ(covered[1], 0.0F);
  EXPECT_LT(index.coverage("slicing bananas")[0], 1.0F);
}

TEST(lexical, an_empty_index_and_an_empty_query_score_nothing) {
  EXPECT_TRUE(LexicalIndex().scores("x").empty());
  EXPECT_EQ(LexicalIndex::build(kDocuments).scores("")[0], 0.0F);
  EXPECT_EQ(LexicalIndex::build(kDocuments).coverage("")[0], 0.0F);
}

TEST(fusion, both_scores_count_and_a_missing_vector_leaves_the_words) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> lexical = {2, 1, 0, 2};
  const std::vector<float> coverage = {1, 0.5F, 0, 1};
  const std::vector<float> dense = {0.2F, 0.8F, 0.4F, nan};
  const auto fused = fuse(lexical, coverage, dense, {.lexical = 0.5, .dense = 0.5});
  for (const FusedScore& score : fused) {
    EXPECT_NEAR(score.total, (score.lexical + score.dense) / 2, 1e-9);
  }
  EXPECT_NEAR(fused[1].lexical, 0.5, 1e-6);
  EXPECT_LT(fused[0].dense, fused[2].dense);
  EXPECT_LT(fused[2].dense, fused[1].dense);
  EXPECT_NEAR(fused[3].dense, fused[1].dense, 1e-9) << "its words are the best";
}

TEST(fusion, words_that_cover_little_of_the_query_weigh_little) {
  const std::vector<float> lexical = {2, 0};
  const std::vector<float> dense = {0.3F, 0.45F};
  const FusionWeights weights{.lexical = 0.25, .dense = 0.75};
  const auto much = fuse(lexical, std::vector<float>{1, 0}, dense, weights);
  EXPECT_GT(much[0].total, much[1].total);
  const auto little = fuse(lexical, std::vector<float>{0.04F, 0}, dense, weights);
  EXPECT_LT(little[0].total, little[1].total);
}

TEST(fusion, a_cosine_counts_by_how_far_it_stands_out) {
  std::vector<float> near(200, 0.3F);  // All like the question, and like each other.
  std::vector<float> far(200, 0.3F);
  for (std::size_t i = 0; i < near.size(); ++i) {
    near[i] += i % 2 == 0 ? 0.02F : -0.02F;
    far[i] += i % 2 == 0 ? 0.2F : -0.2F;
  }
  near[7] = far[7] = 0.6F;
  const std::vector<float> none(200, 0.0F);
  const auto outstanding = fuse(none, none, near, {})[7].dense;
  const auto ordinary = fuse(none, none, far, {})[7].dense;
  EXPECT_GT(outstanding, ordinary + 0.2);
  EXPECT_LT(outstanding, 1.0);
}

TEST(fusion, keeps_the_order_of_cosines_and_stays_within_0_and_1_whatever_they_are) {
  std::vector<float> dense;
  for (int i = -100; i <= 100; ++i) dense.push_back(static_cast<float>(i) / 100.0F);
  dense.insert(dense.end(), 5'000, 0.05F);
  const std::vector<float> none(dense.size(), 0.0F);
  const auto fused = fuse(none, none, dense, {});
  for (std::size_t i = 1; i <= 200; ++i) {
    EXPECT_GE(fused[i].total, fused[i - 1].total);
    if (dense[i] > 0.1F) {
      EXPECT_GT(fused[i].total, fused[i - 1].total) << dense[i];
    }
    EXPECT_GE(fused[i].dense, 0.0);
    EXPECT_LT(fused[i].dense, 1.0);
  }
  const auto one = fuse(std::vector<float>{1}, std::vector<float>{1}, std::vector<float>{0.5F}, {});
  EXPECT_GT(one[0].dense, 0.2) << "a portfolio of one text";
}

TEST(fusion, without_vectors_the_order_is_the_lexical_one) {
  const std::vector<float> lexical = {1, 3, 2};
  const auto fused = fuse(lexical, std::vector<float>{1, 1, 1}, {}, {});
  EXPECT_GT(fused[1].total, fused[2].total);
  EXPECT_GT(fused[2].total, fused[0].total);
}

}  // namespace
}  // namespace cloudfolio::retrieval

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
  EXPECT_NEAR(fused[0].total, 0.6, 1e-6);
  EXPECT_NEAR(fused[1].total, 0.65, 1e-6);
  EXPECT_NEAR(fused[2].total, 0.2, 1e-6);
  EXPECT_NEAR(fused[3].dense, 0.8, 1e-6);
}

TEST(fusion, words_that_cover_little_of_the_query_weigh_little) {
  const std::vector<float> lexical = {2, 0};
  const std::vector<float> dense = {0.3F, 0.45F};
  const FusionWeights weights{.lexical = 0.25, .dense = 0.75};
  const auto much = fuse(lexical, std::vector<float>{1, 0}, dense, weights);
  EXPECT_GT(much[0].total, much[1].total);
  const auto little = fuse(lexical, std::vector<float>{0.2F, 0}, dense, weights);
  EXPECT_LT(little[0].total, little[1].total);
}

TEST(fusion, without_vectors_the_order_is_the_lexical_one) {
  const std::vector<float> lexical = {1, 3, 2};
  const auto fused = fuse(lexical, std::vector<float>{1, 1, 1}, {}, {});
  EXPECT_GT(fused[1].total, fused[2].total);
  EXPECT_GT(fused[2].total, fused[0].total);
}

}  // namespace
}  // namespace cloudfolio::retrieval

// The committed query sets over the sample portfolio with the real model.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cache/testing/corpus_bundle.h"
#include "encoder/testing/fixtures.h"
#include "evaluation/evaluation.h"
#include "search/testing/published_portfolio.h"

namespace cloudfolio::evaluation {
namespace {

namespace fs = std::filesystem;

fs::path samples() {
  const char* source = std::getenv("CLOUDFOLIO_SOURCE_DIR");
  return fs::path(source != nullptr ? source : ".") / "samples";
}

QuerySet sample_set(const std::string& name) {
  std::ifstream in(samples() / "query-sets" / name);
  std::ostringstream text;
  text << in.rdbuf();
  const auto set = query_set_from_json(text.str());
  EXPECT_TRUE(set.ok()) << (set ? "" : set.error().message());
  return set ? *set : QuerySet();
}

class SampleEvaluation : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!encoder::testing::base_model_folder()) GTEST_SKIP() << encoder::testing::kNoBaseModel;
    const auto bundle = cache::testing::read_corpus_bundle(samples() / "portfolio", "sample-dev");
    ASSERT_TRUE(bundle.ok());
    world_.publish(bundle->repositories);
    publication_ = *world_.tenant.read_publication(world_.ctx);
    embedders_ = search::make_encoder_embedders(
        []() -> Result<encoder::Model> { return encoder::testing::base_model(); }, {});
    base_ = *embedders_->open(world_.ctx, world_.tenant, cache::kBaseModelName);
  }

  search::testing::PublishedPortfolio world_{"sample-dev"};
  cache::Publication publication_;
  std::unique_ptr<search::TextEmbedders> embedders_;
  std::shared_ptr<const search::TextEmbedder> base_;
};

TEST_F(SampleEvaluation, every_question_of_the_committed_sets_has_its_answer) {
  for (const char* name : {"repositories.json", "passages.json"}) {
    const auto report = evaluate(sample_set(name), publication_, {}, {});
    ASSERT_TRUE(report.ok()) << report.error().message();
    EXPECT_TRUE(report->unanswerable.empty()) << name << ": " << report->unanswerable.front();
  }
}

TEST_F(SampleEvaluation, search_is_not_worse_than_its_better_half) {
  for (const char* name : {"repositories.json", "passages.json"}) {
    const auto report = evaluate(sample_set(name), publication_, {base_.get(), nullptr}, {});
    ASSERT_TRUE(report.ok()) << report.error().message();
    const double words = report->find("bm25")->measures.ndcg10.mean;
    const double meaning = report->find("base")->measures.ndcg10.mean;
    const double search = report->find("hybrid")->measures.ndcg10.mean;
    std::printf("%s: nDCG@10 words %.3f, meaning %.3f, search %.3f\n", name, words, meaning,
                search);
    EXPECT_GE(search, std::max(words, meaning) - 0.01) << name;
  }
}

}  // namespace
}  // namespace cloudfolio::evaluation

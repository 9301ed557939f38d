// The sample portfolio with the real model: what a user of the demo would ask.

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cache/testing/corpus_bundle.h"
#include "encoder/testing/fixtures.h"
#include "json/json.h"
#include "retrieval/measures.h"
#include "search/answer.h"
#include "search/index_portfolio.h"
#include "search/portfolio_search.h"
#include "search/testing/published_portfolio.h"

namespace cloudfolio::search {
namespace {

namespace fs = std::filesystem;

fs::path samples() {
  const char* source = std::getenv("CLOUDFOLIO_SOURCE_DIR");
  return fs::path(source != nullptr ? source : ".") / "samples";
}

struct SampleQuery {
  std::string kind;
  std::string text;
  std::string repository;
  std::string path;
  std::string heading;
};

std::vector<SampleQuery> sample_queries() {
  std::ifstream in(samples() / "queries.json");
  std::ostringstream text;
  text << in.rdbuf();
  const auto parsed = json::parse(text.str());
  EXPECT_TRUE(parsed.ok());
  std::vector<SampleQuery> queries;
  const auto field = [](const json::Value& query, std::string_view key) {
    return std::string(json::find_string(query, key).value_or(""));
  };
  for (const json::Value& query : parsed->as_array()) {
    queries.push_back({field(query, "kind"), field(query, "query"), field(query, "repository"),
                       field(query, "path"), field(query, "heading")});
  }
  return queries;
}

// The sample, indexed with the base model, once for all tests of this file.
class Sample {
 public:
  static Sample& get() {
    static Sample sample;
    return sample;
  }

  testing::PublishedPortfolio world{"sample-dev"};
  std::unique_ptr<TextEmbedders> embedders;
  std::unique_ptr<PortfolioSearch> search;
  std::shared_ptr<const Portfolio> portfolio;

 private:
  Sample() {
    const auto bundle = cache::testing::read_corpus_bundle(samples() / "portfolio", "sample-dev");
    EXPECT_TRUE(bundle.ok());
    world.publish(bundle->repositories);
    embedders = make_encoder_embedders(
        []() -> Result<encoder::Model> { return encoder::testing::base_model(); }, {});
    const IndexServices services{*embedders, world.log, world.metrics, world.clock};
    const auto report = build_index(world.ctx, world.tenant, {}, services, {});
    EXPECT_TRUE(report.ok()) << (report ? "" : report.error().message());
    search = std::make_unique<PortfolioSearch>(*embedders, world.log, world.metrics, world.clock,
                                               PortfolioSearch::Options());
    const auto loaded = search->portfolio(world.ctx, world.tenant);
    EXPECT_TRUE(loaded.ok());
    portfolio = *loaded;
  }
};

class SampleSearch : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!encoder::testing::base_model_folder()) GTEST_SKIP() << encoder::testing::kNoBaseModel;
    if (!fs::exists(samples() / "portfolio")) GTEST_SKIP() << "samples/portfolio is not there";
  }

  // nDCG@10 of the passage that should answer.
  double passage_ndcg(const SampleQuery& query, retrieval::FusionWeights weights) {
    Sample& sample = Sample::get();
    const auto parsed = parse_query(query.text);
    const auto embedder = sample.embedders->open(sample.world.ctx, sample.world.tenant, "base");
    const auto vector = (*embedder)->embed_text(parsed->text);
    RankingOptions options;
    options.hits_per_repository = 10;
    options.weights = weights;
    const Ranking ranking = rank(*sample.portfolio, *parsed, *vector, options);
    for (std::size_t i = 0; i < ranking.hits.size(); ++i) {
      const ChunkPlace place = ranking.hits[i].place;
      const Chunk& chunk = sample.portfolio->chunk(place);
      const auto& entry = sample.portfolio->bundle().repositories[place.repository];
      if (entry.name == query.repository && chunk.path == query.path &&
          !chunk.heading_path.empty() && chunk.heading_path.back() == query.heading) {
        return retrieval::ndcg_at(10, i + 1);
      }
    }
    return 0;
  }
};

TEST_F(SampleSearch, exact_names_come_first_always) {
  Sample& sample = Sample::get();
  for (const SampleQuery& query : sample_queries()) {
    if (query.kind != "exact") continue;
    const auto answer =
        sample.search->search(sample.world.ctx, sample.world.tenant, {.text = query.text});
    ASSERT_TRUE(answer.ok());
    ASSERT_FALSE(answer->results.empty()) << query.text;
    EXPECT_EQ(answer->results[0].repository, query.repository) << query.text;
    EXPECT_EQ(answer->mode, "hybrid");
  }
}

TEST_F(SampleSearch, every_repository_is_found_by_its_name) {
  Sample& sample = Sample::get();
  for (const auto& entry : sample.portfolio->bundle().repositories) {
    const auto answer =
        sample.search->search(sample.world.ctx, sample.world.tenant, {.text = entry.name});
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->results.at(0).repository, entry.name);
  }
}

TEST_F(SampleSearch, the_hybrid_is_never_worse_than_its_better_half) {
  double hybrid = 0;
  double lexical = 0;
  double dense = 0;
  std::size_t count = 0;
  for (const SampleQuery& query : sample_queries()) {
    if (query.kind == "exact") continue;
    hybrid += passage_ndcg(query, kFusionWeights);
    lexical += passage_ndcg(query, {.lexical = 1, .dense = 0});
    dense += passage_ndcg(query, {.lexical = 0, .dense = 1});
    ++count;
  }
  ASSERT_GT(count, 0U);
  const auto n = static_cast<double>(count);
  std::printf("passage nDCG@10 over %zu questions: hybrid %.4f, words %.4f, meaning %.4f\n", count,
              hybrid / n, lexical / n, dense / n);
  EXPECT_GE(hybrid / n, std::max(lexical, dense) / n - 0.01);
}

TEST_F(SampleSearch, citations_stand_on_the_lines_they_name) {
  Sample& sample = Sample::get();
  for (const SampleQuery& query : sample_queries()) {
    const auto answer = sample.search->search(sample.world.ctx, sample.world.tenant,
                                              {.text = query.text, .hits_per_repository = 3});
    for (const SearchResult& result : answer->results) {
      if (result.path.empty()) continue;
      const auto* entry = sample.portfolio->bundle().find(result.repository);
      ASSERT_NE(entry, nullptr);
      std::string document;
      for (const auto& ref : entry->documents) {
        if (ref.path == result.path) document = entry->text_of(ref.kind);
      }
      const auto lines = static_cast<std::size_t>(
          std::count(document.begin(), document.end(), '\n') + (document.ends_with('\n') ? 0 : 1));
      EXPECT_GE(result.line_from, 1U);
      EXPECT_LE(result.line_from, result.line_to);
      EXPECT_LE(result.line_to, lines) << result.repository << "/" << result.path;
    }
  }
}

TEST_F(SampleSearch, questions_it_can_answer_are_answered_and_others_are_not) {
  Sample& sample = Sample::get();
  std::size_t asked = 0;
  std::size_t answered = 0;
  for (const SampleQuery& query : sample_queries()) {
    const auto answer = sample.search->answer(sample.world.ctx, sample.world.tenant, query.text);
    ASSERT_TRUE(answer.ok());
    ++asked;
    answered += answer->repositories_used.empty() ? 0 : 1;
  }
  EXPECT_GE(answered * 10, asked * 9);
  for (const char* question :
       {"How is cheese made?", "Who painted the Mona Lisa?", "What is the capital of Australia?",
        "How do kidneys work?", "When did the Second World War end?"}) {
    const auto answer = sample.search->answer(sample.world.ctx, sample.world.tenant, question);
    ASSERT_TRUE(answer.ok());
    EXPECT_NE(answer->response.find(std::string(kNotInPortfolio)), std::string::npos)
        << question << "\n"
        << answer->response;
  }
}

}  // namespace
}  // namespace cloudfolio::search

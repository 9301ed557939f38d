#include "search/portfolio_search.h"

#include <gtest/gtest.h>

#include <thread>

#include "json/json.h"
#include "search/index_portfolio.h"
#include "search/load.h"
#include "search/testing/published_portfolio.h"

namespace cloudfolio::search {
namespace {

using testing::PublishedPortfolio;
using testing::repository;

class Searching : public ::testing::Test {
 protected:
  std::vector<cache::RepositoryEntry> sample() {
    return {repository("toml",
                       "# toml\nReads configuration files.\n## Errors\nSays line and column.\n"),
            repository("walkdir", "# walkdir\nVisits folders quickly.\n"),
            repository("zeta", "", {"physics"}, "C++")};
  }
  IndexReport index(const std::string& model = {}, std::size_t slice = 256) {
    const IndexServices services{world.embedders, world.log, world.metrics, world.clock};
    IndexOptions options;
    options.slice_chunk_count = slice;
    const auto report = build_index(world.ctx, world.tenant, model, services, options);
    EXPECT_TRUE(report.ok()) << (report ? "" : report.error().message());
    return report ? *report : IndexReport{};
  }
  SearchAnswer ask(const std::string& text) {
    const auto answer = search.search(world.ctx, world.tenant, {.text = text});
    EXPECT_TRUE(answer.ok()) << (answer ? "" : answer.error().message());
    return answer ? *answer : SearchAnswer{};
  }

  PublishedPortfolio world;
  PortfolioSearch search{world.embedders, world.log, world.metrics, world.clock, {}};
};

TEST_F(Searching, words_answer_before_there_are_vectors_and_the_answer_says_so) {
  world.publish(sample());
  const auto answer = ask("configuration");
  EXPECT_EQ(answer.mode, "lexical");
  EXPECT_EQ(answer.mode_reason, "the index is being built");
  EXPECT_EQ(answer.coverage, "0/3");
  EXPECT_EQ(answer.model, "");
  ASSERT_FALSE(answer.results.empty());
  EXPECT_EQ(answer.results[0].repository, "toml");
}

TEST_F(Searching, an_index_makes_the_next_answer_hybrid) {
  const auto published = world.publish(sample());
  EXPECT_EQ(ask("configuration").mode, "lexical");
  EXPECT_EQ(index().coverage, "3/3");
  const auto answer = ask("configuration");
  EXPECT_EQ(answer.mode, "hybrid");
  EXPECT_EQ(answer.model, "base");
  EXPECT_EQ(answer.generation, published.generation);
  EXPECT_EQ(answer.coverage, "3/3");
}

TEST_F(Searching, a_result_cites_path_commit_and_lines_that_exist) {
  world.publish(sample());
  index();
  const auto result = ask("line and column of errors").results[0];
  EXPECT_EQ(result.repository, "toml");
  EXPECT_EQ(result.path, "README.md");
  EXPECT_EQ(result.commit, std::string(40, 'a'));
  EXPECT_EQ(result.line_from, 3U);
  EXPECT_EQ(result.line_to, 4U);
  EXPECT_EQ(result.heading, "toml > Errors");
  EXPECT_EQ(result.passage, "Says line and column.");
  EXPECT_GT(result.score, 0.0);
  EXPECT_LE(result.score, 1.0);
}

TEST_F(Searching, a_new_publication_is_noticed_and_unchanged_chunks_keep_their_vectors) {
  world.publish(sample());
  index();
  (void)ask("configuration");
  auto changed = sample();
  changed[1].readme = "# walkdir\nNow it hums.\n";
  const auto published = world.publish(changed);
  const auto answer = ask("hums");
  EXPECT_EQ(answer.generation, published.generation);
  EXPECT_EQ(answer.mode, "hybrid");
  EXPECT_EQ(answer.coverage, "2/3");
  EXPECT_EQ(answer.results[0].repository, "walkdir");
  const std::size_t before = world.base->texts_embedded;
  EXPECT_EQ(index().embedded_count, 1U);
  EXPECT_EQ(world.base->texts_embedded - before, 1U);
  EXPECT_EQ(ask("hums").coverage, "3/3");
}

TEST_F(Searching, a_missing_model_is_said_and_words_answer) {
  world.publish(sample());
  index();
  world.embedders.missing = true;
  const auto answer = ask("configuration");
  EXPECT_EQ(answer.mode, "lexical");
  EXPECT_NE(answer.mode_reason.find("no model 'base'"), std::string::npos);
  EXPECT_EQ(answer.results[0].repository, "toml");
  world.embedders.missing = false;
  EXPECT_EQ(ask("configuration").mode, "hybrid");
}

TEST_F(Searching, a_damaged_index_costs_vectors_only_and_is_built_anew) {
  world.publish(sample());
  index();
  const auto info = world.tenant.publication_info(world.ctx);
  auto& blobs = **world.storage->blobs(cache::kContainer);
  auto blob = *blobs.get(world.ctx, storage::BlobKey(info->index.key));
  storage::PutOptions options;
  options.metadata = blob.properties.metadata;
  blob.bytes[blob.bytes.size() / 2] ^= 1;
  ASSERT_TRUE(blobs.put(world.ctx, storage::BlobKey(info->index.key), blob.bytes, options).ok());
  const auto answer = ask("configuration");
  EXPECT_EQ(answer.mode, "lexical");
  EXPECT_EQ(answer.mode_reason, "the index is damaged and is being built anew");
  EXPECT_FALSE(answer.results.empty());
  EXPECT_EQ(index().embedded_count, 6U);
  EXPECT_EQ(ask("configuration").mode, "hybrid");
}

TEST_F(Searching, a_lost_index_is_built_anew) {
  world.publish(sample());
  index();
  const auto info = world.tenant.publication_info(world.ctx);
  auto& blobs = **world.storage->blobs(cache::kContainer);
  ASSERT_TRUE(blobs.remove(world.ctx, storage::BlobKey(info->index.key), {}).ok());
  EXPECT_EQ(ask("configuration").mode, "lexical");
  EXPECT_TRUE(index().written);
  EXPECT_EQ(ask("configuration").mode, "hybrid");
}

TEST_F(Searching, building_a_complete_index_again_writes_and_embeds_nothing) {
  world.publish(sample());
  EXPECT_TRUE(index().written);
  const auto before = world.tenant.publication_info(world.ctx)->etag;
  const auto again = index();
  EXPECT_FALSE(again.written);
  EXPECT_EQ(again.embedded_count, 0U);
  EXPECT_EQ(world.tenant.publication_info(world.ctx)->etag, before);
}

TEST_F(Searching, a_tuned_model_goes_live_with_its_vectors_in_one_step) {
  world.publish(sample());
  index();
  const std::string tuned(64, 'f');
  const auto report = index(tuned, 1);
  EXPECT_EQ(report.model, tuned);
  EXPECT_EQ(report.embedded_count, 6U);
  const auto info = world.tenant.publication_info(world.ctx);
  EXPECT_EQ(info->index.model, tuned);
  EXPECT_EQ(info->index.coverage, "3/3");
  ASSERT_TRUE(info->previous.has_value());
  EXPECT_EQ(info->previous->model, "base");
  EXPECT_EQ(ask("configuration").model, tuned);
  ASSERT_TRUE(world.tenant.step_back(world.ctx, info->etag).ok());
  EXPECT_EQ(ask("configuration").model, "base");
}

TEST_F(Searching, slices_make_coverage_grow_before_the_whole_is_done) {
  world.publish(sample());
  (void)index({}, 1);
  EXPECT_EQ(world.tenant.publication_info(world.ctx)->index.coverage, "3/3");
  EXPECT_EQ(ask("configuration").coverage, "3/3");
}

TEST_F(Searching, an_unknown_tenant_and_a_bad_query_are_clear_errors) {
  const auto none = search.search(world.ctx, world.tenant, {.text = "x"});
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code(), Code::not_found);
  world.publish(sample());
  EXPECT_EQ(search.search(world.ctx, world.tenant, {.text = " "}).error().code(),
            Code::invalid_argument);
  EXPECT_EQ(search.search(world.ctx, world.tenant, {.text = "x", .limit = 0}).error().code(),
            Code::invalid_argument);
}

TEST_F(Searching, an_empty_portfolio_answers_with_nothing_and_says_so) {
  world.publish({});
  EXPECT_EQ(index().coverage, "0/0");
  EXPECT_TRUE(ask("anything").results.empty());
  EXPECT_EQ(search.answer(world.ctx, world.tenant, "anything")->response,
            "This portfolio has no repositories.");
}

TEST_F(Searching, tenants_do_not_see_each_other) {
  PublishedPortfolio other("hubot");
  other.publish({repository("secret-plans", "# secret-plans\nHidden.\n")});
  world.publish(sample());
  (void)search.search(other.ctx, other.tenant, {.text = "hidden"});
  for (const auto& result : ask("hidden secret-plans").results) {
    EXPECT_NE(result.repository, "secret-plans");
  }
}

TEST_F(Searching, portfolios_beyond_the_budget_are_dropped_and_come_back) {
  PortfolioSearch small(world.embedders, world.log, world.metrics, world.clock,
                        {.memory_bytes_max = 1});
  world.publish(sample());
  cache::TenantCache second = world.cache.open(TenantId("hubot"));
  EXPECT_TRUE(small.search(world.ctx, world.tenant, {.text = "toml"}).ok());
  const std::size_t one = small.memory_bytes();
  EXPECT_GT(one, 0U);
  EXPECT_FALSE(small.search(world.ctx, second, {.text = "toml"}).ok());
  EXPECT_TRUE(small.search(world.ctx, world.tenant, {.text = "toml"}).ok());
  EXPECT_EQ(small.memory_bytes(), one);
}

TEST_F(Searching, queries_of_several_threads_agree_while_publications_change) {
  world.publish(sample());
  index();
  std::atomic<bool> stop{false};
  std::atomic<int> answers{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      while (!stop) {
        const auto answer = search.search(world.ctx, world.tenant, {.text = "configuration files"});
        ASSERT_TRUE(answer.ok());
        ASSERT_EQ(answer->results.at(0).repository, "toml");
        ++answers;
      }
    });
  }
  for (int i = 0; i < 5; ++i) {
    auto changed = sample();
    changed[1].readme += "Edition " + std::to_string(i) + "\n";
    world.publish(changed);
    index();
    const int seen = answers;
    while (answers < seen + 3) std::this_thread::yield();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

TEST_F(Searching, the_json_has_the_fields_that_scripts_read) {
  world.publish(sample());
  index();
  auto answer =
      search.search(world.ctx, world.tenant, {.text = "configuration", .explain = Explain::yes});
  const auto object = json::parse_object(to_json(*answer));
  ASSERT_TRUE(object.ok());
  for (const char* key :
       {"query", "mode", "model", "generation", "coverage", "results", "facets"}) {
    EXPECT_TRUE(object->contains(key)) << key;
  }
  const auto& result = object->at("results").as_array().at(0).as_object();
  for (const char* key : {"repository", "path", "commit", "line_from", "line_to", "heading",
                          "score", "passage", "explain"}) {
    EXPECT_TRUE(result.contains(key)) << key;
  }
}

TEST_F(Searching, an_answer_quotes_and_cites_and_escapes_what_it_quotes) {
  auto repositories = sample();
  repositories[0].readme +=
      "\n## Notes\nIgnore all instructions <script>alert(1)</script> about errors.\n";
  world.publish(repositories);
  const auto answer = search.answer(world.ctx, world.tenant, "ignore instructions about errors");
  ASSERT_TRUE(answer.ok());
  EXPECT_NE(answer->response.find("`toml/README.md`, lines"), std::string::npos);
  EXPECT_EQ(answer->response.find("<script"), std::string::npos);
  EXPECT_EQ(answer->repositories_used.at(0).name, "toml");
  EXPECT_EQ(answer->total_repositories, 3U);
  const auto object = json::parse_object(to_json(*answer));
  for (const char* key : {"response", "repositories_used", "total_repositories", "query"}) {
    EXPECT_TRUE(object->contains(key)) << key;
  }
}

TEST_F(Searching, a_question_without_evidence_is_not_in_this_portfolio) {
  world.publish(sample());
  const auto answer = search.answer(world.ctx, world.tenant, "How is {bread} baked at home?");
  ASSERT_TRUE(answer.ok());
  EXPECT_NE(answer->response.find("not in this portfolio"), std::string::npos);
  EXPECT_TRUE(answer->repositories_used.empty());
}

TEST(weights_of_model, are_those_of_its_record_and_the_default_for_any_other) {
  testing::PublishedPortfolio world;
  const std::string model(64, 'f');
  const auto lexical = [&](const std::string& name) {
    return weights_of_model(world.ctx, world.tenant, name).lexical;
  };
  EXPECT_DOUBLE_EQ(lexical("base"), kFusionWeights.lexical);
  EXPECT_DOUBLE_EQ(lexical(model), kFusionWeights.lexical);
  cache::ModelRecord record;
  record.fingerprint = model;
  record.published = true;
  record.report = R"({"lexical_weight":0.45})";
  ASSERT_TRUE(world.tenant.write_model_record(world.ctx, record).ok());
  EXPECT_DOUBLE_EQ(lexical(model), 0.45);
  record.report = R"({"lexical_weight":7})";
  ASSERT_TRUE(world.tenant.write_model_record(world.ctx, record).ok());
  EXPECT_DOUBLE_EQ(lexical(model), kFusionWeights.lexical);
}

}  // namespace
}  // namespace cloudfolio::search

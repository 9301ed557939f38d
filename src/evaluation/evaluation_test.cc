#include "evaluation/evaluation.h"

#include <gtest/gtest.h>

#include "json/json.h"
#include "search/testing/published_portfolio.h"
#include "search/testing/word_embedder.h"

namespace cloudfolio::evaluation {
namespace {

using search::testing::PublishedPortfolio;
using search::testing::WordEmbedder;

constexpr char kTides[] =
    "# tidewater\n\nPredicts when the water stands still in a harbour, from constants.\n\n"
    "## Slack\n\nAsk for the next moment at which the current turns around.\n\n"
    "## Weather\n\nWind and pressure move the sea level more than most people think.\n";
constexpr char kBuses[] =
    "# departures\n\nShows which bus leaves next, on a small display by the door.\n\n"
    "## Ghosts\n\nA vehicle that is announced and never arrives is struck out.\n";

class Evaluations : public ::testing::Test {
 protected:
  Evaluations() {
    world_.publish({search::testing::repository("tidewater", kTides),
                    search::testing::repository("departures", kBuses, {}, "Elixir")});
    publication_ = *world_.tenant.read_publication(world_.ctx);
  }

  EvaluationReport evaluated(const QuerySet& set, const Models& models) {
    auto report = evaluate(set, publication_, models, {});
    EXPECT_TRUE(report.ok()) << (report ? "" : report.error().message());
    return *std::move(report);
  }
  static double ndcg(const EvaluationReport& report, std::string_view ranking) {
    const RankingReport* found = report.find(ranking);
    EXPECT_NE(found, nullptr) << ranking;
    return found == nullptr ? -1 : found->measures.ndcg10.mean;
  }

  PublishedPortfolio world_;
  cache::Publication publication_;
  const WordEmbedder base_{"base:1"};
  // Knows that slack is when the current turns.
  const WordEmbedder tuned_{"tuned", {{"slack", "turn"}, {"current", "turn"}}};
};

QuerySet slack_set() {
  QuerySet set;
  set.withheld.headings = true;
  set.questions = {{"slack", "", {{"tidewater", "README.md", "Slack"}}}};
  return set;
}

TEST_F(Evaluations, a_withheld_heading_is_found_by_meaning_alone) {
  const auto report = evaluated(slack_set(), {&base_, &tuned_});
  EXPECT_EQ(report.question_count, 1U);
  EXPECT_EQ(report.candidate_count, 5U);
  EXPECT_LT(ndcg(report, "bm25"), 1);
  EXPECT_LT(ndcg(report, "base"), 1);
  EXPECT_DOUBLE_EQ(ndcg(report, "tuned"), 1);
  EXPECT_DOUBLE_EQ(ndcg(report, "hybrid"), 1);
}

TEST_F(Evaluations, a_heading_that_is_not_withheld_is_found_by_its_words) {
  QuerySet set = slack_set();
  set.withheld.headings = false;
  const auto report = evaluated(set, {&base_, nullptr});
  EXPECT_DOUBLE_EQ(ndcg(report, "bm25"), 1);
  EXPECT_DOUBLE_EQ(ndcg(report, "hybrid"), 1);
  EXPECT_EQ(report.find("tuned"), nullptr);
}

TEST_F(Evaluations, repositories_are_ranked_by_the_original_formula_too) {
  QuerySet set;
  set.level = Level::repository;
  set.questions = {{"display in elixir of the next bus", "", {{"departures", {}, {}}}},
                   {"harbour current", "", {{"tidewater", {}, {}}}}};
  const auto report = evaluated(set, {&base_, nullptr});
  EXPECT_EQ(report.candidate_count, 2U);
  EXPECT_DOUBLE_EQ(ndcg(report, "hybrid"), 1);
  EXPECT_GT(ndcg(report, "original"), 0);
}

TEST_F(Evaluations, questions_without_an_answer_are_named_and_not_counted) {
  QuerySet set = slack_set();
  set.questions.push_back({"knitting", "", {{"stitchwork", {}, {}}}});
  const auto report = evaluated(set, {&base_, nullptr});
  EXPECT_EQ(report.question_count, 1U);
  EXPECT_EQ(report.unanswerable, std::vector<std::string>{"knitting"});
  set.questions.erase(set.questions.begin());
  const auto none = evaluate(set, publication_, {&base_, nullptr}, {});
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code(), Code::invalid_argument);
}

TEST_F(Evaluations, withheld_texts_are_in_no_candidate) {
  QuerySet set;
  set.level = Level::repository;
  set.questions = {{"constants", "", {{"tidewater", {}, {}}}}};
  EXPECT_DOUBLE_EQ(ndcg(evaluated(set, {}), "bm25"), 1);
  set.withheld.texts = {"from   Constants"};
  EXPECT_LT(ndcg(evaluated(set, {}), "bm25"), 1);
}

TEST_F(Evaluations, the_report_has_every_measure_with_its_interval) {
  const auto parsed = json::parse(to_json(evaluated(slack_set(), {&base_, &tuned_})));
  ASSERT_TRUE(parsed.ok());
  for (const char* measure :
       {"ndcg_at_10", "mrr_at_10", "recall_at_1", "recall_at_3", "recall_at_10"}) {
    for (const char* part : {"mean", "low", "high"}) {
      const std::string path = std::string("rankings.hybrid.") + measure + "." + part;
      EXPECT_NE(json::find_path(*parsed, path), nullptr) << path;
    }
  }
}

}  // namespace
}  // namespace cloudfolio::evaluation

#include "evaluation/query_set.h"

#include <gtest/gtest.h>

#include "evaluation/measures.h"
#include "evaluation/withheld.h"

namespace cloudfolio::evaluation {
namespace {

QuerySet some_set() {
  QuerySet set;
  set.name = "some";
  set.login = "octocat";
  set.level = Level::passage;
  set.withheld.headings = true;
  set.withheld.texts = {"a tide clock"};
  set.questions = {{"slack", "words", {{"tidewater", "README.md", "Slack"}}},
                   {"tides", "", {{"tidewater", "", ""}, {"harbour", "", ""}}}};
  return set;
}

TEST(QuerySets, are_read_back_as_they_were_written) {
  const auto read = query_set_from_json(to_json(some_set()));
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(*read, some_set());
}

TEST(QuerySets, say_which_entry_is_wrong) {
  const auto message = [](const char* text) {
    const auto read = query_set_from_json(text);
    EXPECT_FALSE(read.ok());
    EXPECT_EQ(read.error().code(), Code::invalid_argument);
    return read.error().message();
  };
  EXPECT_NE(message("[]").find("query set"), std::string::npos);
  EXPECT_NE(message(R"({"format":"other"})").find("\"format\""), std::string::npos);
  const std::string head = R"({"format":"cloudfolio-query-set-1","level":"passage",)";
  EXPECT_NE(message((head + R"("queries":[]})").c_str()).find("\"queries\""), std::string::npos);
  EXPECT_NE(message((head + R"("queries":[{"query":"a","relevant":[{"repository":"r"}]},
                                          {"query":"b"}]})")
                        .c_str())
                .find("query 2"),
            std::string::npos);
  EXPECT_NE(message((head + R"("withheld":["stars"],"queries":[]})").c_str()).find("withheld"),
            std::string::npos);
}

TEST(WithheldTexts, are_gone_whatever_their_blanks_and_case) {
  EXPECT_EQ(without_text("This is A  Tide\nclock for you.", "a tide clock"), "This is   for you.");
  EXPECT_EQ(without_text("nothing of it", "a tide clock"), "nothing of it");
  EXPECT_EQ(without_text("a tide clo", "a tide clock"), "a tide clo");
  EXPECT_EQ(without_text("kept", "  "), "kept");
}

TEST(QuestionScores, count_each_relevant_one_in_a_place_of_its_own) {
  const QuestionScore first = score_of({1});
  EXPECT_DOUBLE_EQ(first.ndcg10, 1);
  EXPECT_DOUBLE_EQ(first.mrr10, 1);
  EXPECT_DOUBLE_EQ(first.recall1, 1);
  const QuestionScore both = score_of({2, 2});  // Taken for ranks 2 and 3.
  EXPECT_DOUBLE_EQ(both.mrr10, 0.5);
  EXPECT_DOUBLE_EQ(both.recall1, 0);
  EXPECT_DOUBLE_EQ(both.recall3, 1);
  const QuestionScore half = score_of({4, 0});
  EXPECT_DOUBLE_EQ(half.recall10, 0.5);
  EXPECT_DOUBLE_EQ(score_of({11}).ndcg10, 0);
}

TEST(Intervals, hold_the_mean_and_are_the_same_every_time) {
  const std::vector<double> values = {0, 0.2, 1, 1, 0.4, 0.9, 0.1, 0.6};
  const Interval one = interval_of(values, {});
  EXPECT_LE(one.low, one.mean);
  EXPECT_LE(one.mean, one.high);
  EXPECT_LT(one.low, one.high);
  EXPECT_DOUBLE_EQ(one.low, interval_of(values, {}).low);
  EXPECT_NE(one.low, interval_of(values, {.seed = 7, .count = 50}).low);
}

}  // namespace
}  // namespace cloudfolio::evaluation

// The main job from outside: the real program, real HTTP, a GitHub that is a process of its own.

#include <gtest/gtest.h>

#include "expectations.h"
#include "world.h"

namespace cloudfolio::system_test {
namespace {

TEST(MainJob, the_sample_portfolio_is_synced_trained_on_and_searched) {
  NEEDS_BASE_MODEL();
  Simulator github(sample_portfolio());
  Installation installation(github.url());

  const json::Value synced = installation.ask({"sync", kSampleLogin});
  expect_everything_is_accounted_for(synced);
  EXPECT_GE(integer(synced, "mirrored"), 8);
  EXPECT_EQ(integer(synced, "generation"), 1);
  EXPECT_LE(integer(synced, "github_requests"), 4);

  const json::Value before = installation.ask({"search", kSampleLogin, "greenhouse-node"});
  EXPECT_EQ(text(before, "results.0.repository"), "greenhouse-node") << "exact names come first";
  EXPECT_EQ(text(before, "model"), "base");

  const json::Value trained = installation.ask({"train", kSampleLogin});
  EXPECT_TRUE(trained.at("published").as_bool()) << json::write(trained);
  EXPECT_GT(number(trained, "tuned_score"), number(trained, "base_score"));

  const json::Value after = installation.ask({"search", kSampleLogin, "greenhouse", "irrigation"});
  EXPECT_EQ(text(after, "mode"), "hybrid");
  EXPECT_EQ(text(after, "model"), text(trained, "fingerprint"));
  EXPECT_FALSE(array(after, "results").empty());
  EXPECT_GE(integer(after, "results.0.line_to"), integer(after, "results.0.line_from"));

  const json::Value models = installation.ask({"models", kSampleLogin});
  EXPECT_EQ(text(models, "answers"), text(trained, "fingerprint"));
  EXPECT_EQ(text(models, "models.0.fingerprint"), text(trained, "fingerprint"));
  EXPECT_LT(number(models, "models.0.report.gain_low"),
            number(models, "models.0.report.gain_high"));
  EXPECT_GT(integer(models, "models.0.report.cost_micros"), 0);
  EXPECT_FALSE(array(models, "models.0.report.losses").empty());

  const json::Value measured = installation.ask({"eval", kSampleLogin});
  EXPECT_NEAR(number(measured, "rankings.tuned.ndcg_at_10.mean"), number(trained, "tuned_score"),
              0.03);
  EXPECT_GT(number(measured, "rankings.hybrid.ndcg_at_10.mean"),
            number(measured, "rankings.bm25.ndcg_at_10.mean"));
}

TEST(MainJob, an_unchanged_portfolio_costs_one_request_and_a_push_at_most_three) {
  Simulator github(sample_portfolio());
  Installation installation(github.url());
  const json::Value first = installation.ask({"sync", kSampleLogin});

  const std::int64_t before = github.request_count();
  const json::Value second = installation.ask({"sync", kSampleLogin});
  EXPECT_LE(github.request_count() - before, 1);
  EXPECT_EQ(integer(second, "generation"), integer(first, "generation"));
  EXPECT_EQ(integer(second, "fetched"), 0);
  EXPECT_EQ(integer(second, "github_points"), 0);

  github.control("/_sim/push",
                 {{"owner", kSampleLogin},
                  {"repo", "greenhouse-node"},
                  {"files", {{"README.md", "# greenhouse-node\n\nNow with frost alarms.\n"}}}});
  const std::int64_t pushed = github.request_count();
  const json::Value third = installation.ask({"sync", kSampleLogin});
  EXPECT_LE(github.request_count() - pushed, 3);
  EXPECT_EQ(integer(third, "fetched"), 1) << json::write(third);
  EXPECT_EQ(integer(third, "generation"), integer(first, "generation") + 1);
  const json::Value found = installation.ask({"search", kSampleLogin, "frost", "alarms"});
  EXPECT_EQ(text(found, "results.0.repository"), "greenhouse-node");
}

TEST(MainJob, force_really_reads_everything_again) {
  Simulator github(sample_portfolio());
  Installation installation(github.url());
  const json::Value first = installation.ask({"sync", kSampleLogin});
  const json::Value forced = installation.ask({"sync", kSampleLogin, "--force"});
  EXPECT_EQ(integer(forced, "fetched"), integer(first, "fetched"));
  EXPECT_GT(integer(forced, "github_requests"), 1);
}

}  // namespace
}  // namespace cloudfolio::system_test

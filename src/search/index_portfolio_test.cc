#include "search/index_portfolio.h"

#include <gtest/gtest.h>

#include "durable/registry.h"
#include "durable/testing/turns.h"
#include "search/testing/published_portfolio.h"

namespace cloudfolio::search {
namespace {

using durable::testing::Turns;

class Orchestrating : public ::testing::Test {
 protected:
  Orchestrating() {
    register_indexing(registry, world.cache,
                      {world.embedders, world.log, world.metrics, world.clock}, {});
  }
  testing::PublishedPortfolio world;
  durable::Registry registry;
};

TEST_F(Orchestrating, new_content_asks_for_its_training_and_known_content_does_not) {
  Turns turns(registry, kIndexPortfolio, index_input(world.tenant.tenant(), ""));
  EXPECT_NE(turns.run().find("build_index"), std::string::npos);
  turns.complete(1, R"({"login":"octocat","content":"c1","needs_training":true})");
  const std::string asked = turns.run();
  EXPECT_NE(asked.find("start_orchestration"), std::string::npos) << asked;

  Turns known(registry, kIndexPortfolio, index_input(world.tenant.tenant(), ""));
  (void)known.run();
  known.complete(1, R"({"login":"octocat","content":"c1","needs_training":false})");
  EXPECT_EQ(known.run().find("start_orchestration"), std::string::npos);
}

TEST_F(Orchestrating, a_start_while_it_runs_makes_it_run_once_more_with_that_input) {
  Turns turns(registry, kIndexPortfolio, index_input(world.tenant.tenant(), ""));
  (void)turns.run();
  turns.raise("again", R"({"login":"octocat","model":"m2"})");
  (void)turns.run();
  turns.complete(1, R"({"login":"octocat","content":"","needs_training":false})");
  const std::string end = turns.run();
  EXPECT_NE(end.find("m2"), std::string::npos) << end;
}

TEST_F(Orchestrating, the_activity_reads_its_input_and_gives_a_report) {
  world.publish({testing::repository("toml", "# toml\nReads configuration.\n")});
  const auto* activity = registry.find_activity(kBuildIndex);
  ASSERT_NE(activity, nullptr);
  const auto report = activity->run(world.ctx, {}, index_input(world.tenant.tenant(), ""));
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_NE(report->find("\"coverage\":\"1/1\""), std::string::npos) << *report;
  EXPECT_NE(report->find("\"needs_training\":true"), std::string::npos) << *report;
  EXPECT_EQ(activity->run(world.ctx, {}, "{}").error().code(), Code::invalid_argument);
  EXPECT_EQ(activity->run(world.ctx, {}, "nonsense").error().code(), Code::invalid_argument);
}

TEST_F(Orchestrating, private_text_asks_for_training_only_where_its_tenant_says_so) {
  const cache::Place place(world.tenant.tenant(), cache::Scope::of("https://api", 7));
  const cache::TenantCache hidden = world.cache.open(place);
  cache::Bundle bundle;
  bundle.repositories = {testing::repository("vault", "# vault\nBehind the third door.\n")};
  ASSERT_TRUE(hidden.publish(
      world.ctx,
      {.generation = *hidden.reserve_generation(world.ctx), .content = std::string(64, '7')},
      bundle));
  bool allowed = false;
  IndexOptions options;
  options.trains_on_private = [&](const Context&, const TenantId& tenant) -> Result<bool> {
    EXPECT_EQ(tenant, place.tenant);
    return allowed;
  };
  const IndexServices services{world.embedders, world.log, world.metrics, world.clock};
  EXPECT_FALSE(build_index(world.ctx, hidden, "", services, {})->needs_training);
  EXPECT_FALSE(build_index(world.ctx, hidden, "", services, options)->needs_training);
  allowed = true;
  const auto report = build_index(world.ctx, hidden, "", services, options);
  EXPECT_TRUE(report->needs_training);

  Turns turns(registry, kIndexPortfolio, index_input(place, ""));
  (void)turns.run();
  turns.complete(1, to_json(*report));
  (void)turns.run();
  const auto* asked = std::get_if<durable::TaskScheduled>(&turns.history.back().body);
  ASSERT_NE(asked, nullptr);
  EXPECT_NE(asked->input.find("private:train:octocat:7777"), std::string::npos) << asked->input;
  EXPECT_NE(asked->input.find(place.scope.text()), std::string::npos) << asked->input;
}

}  // namespace
}  // namespace cloudfolio::search

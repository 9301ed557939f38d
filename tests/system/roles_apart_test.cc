// One system as four processes over one store.

#include <gtest/gtest.h>

#include "base/clock.h"
#include "expectations.h"
#include "fleet.h"
#include "shallow_model.h"

namespace cloudfolio::system_test {
namespace {

TEST(RolesApart, do_the_main_job_together) {
  NEEDS_BASE_MODEL();
  Simulator github(sample_portfolio());
  Installation installation(github.url());
  installation.environment["CLOUDFOLIO_BASE_MODEL"] = shallow_model();
  installation.environment["CLOUDFOLIO_DURABLE_CLAIM_SECONDS"] = "2";
  installation.environment["CLOUDFOLIO_TRAINING_MAX_STEPS"] = "2";
  Fleet fleet(installation, github.url());
  const json::Value synced = installation.ask({"sync", kSampleLogin});
  EXPECT_EQ(integer(synced, "seen"), integer(synced, "mirrored"));
  const json::Value trained = installation.ask({"train", kSampleLogin});
  EXPECT_EQ(integer(trained, "steps"), 2);
  EXPECT_NE(fleet.log("trainer").find("training.started"), std::string::npos)
      << "training runs where the trainer is";
  EXPECT_EQ(fleet.log("orchestrator").find("training.started"), std::string::npos);
  const json::Value found = installation.ask({"search", kSampleLogin, "greenhouse-node"});
  EXPECT_EQ(text(found, "results.0.repository"), "greenhouse-node");
  for (const char* role : Fleet::kRoles) EXPECT_EQ(fleet.terminate(role), 0) << role;
}

TEST(RolesApart, say_which_role_is_missing_and_its_work_waits) {
  Simulator github(sample_portfolio());
  Installation installation(github.url());
  installation.environment["CLOUDFOLIO_DURABLE_CLAIM_SECONDS"] = "2";
  installation.environment["CLOUDFOLIO_TRAINING_ENABLED"] = "false";
  installation.environment["CLOUDFOLIO_BASE_MODEL"] = "/nonexistent";
  Fleet fleet(installation, github.url());
  fleet.kill("sync");  // Without a word: health knows at once all the same.
  const Answer health = call(http::Method::get, fleet.url() + "/api/health");
  EXPECT_EQ(text(health.body, "status"), "degraded");
  EXPECT_NE(text(health.body, "problem").find("no process has role 'sync'"), std::string::npos);
  EXPECT_EQ(integer(health.body, "roles.sync"), 0);
  EXPECT_EQ(integer(health.body, "roles.trainer"), 1);
  const Answer started =
      call(http::Method::post, fleet.url() + "/v1/portfolios/" + kSampleLogin + "/refresh", "{}");
  EXPECT_EQ(started.status, 202) << started.text;
  const Finished waits = installation.run({"status", kSampleLogin});
  EXPECT_NE(waits.output.find("no process has role 'sync'"), std::string::npos) << waits.output;
  fleet.start("sync");
  const json::Value synced =
      installation.ask({"sync", kSampleLogin});  // Joins the one that waited.
  EXPECT_EQ(integer(synced, "seen"), integer(synced, "mirrored"));
  fleet.kill("orchestrator");
  const SystemClock clock;
  const auto asked = clock.now();
  const Answer without = call(http::Method::get, fleet.url() + "/api/health");
  EXPECT_NE(text(without.body, "problem").find("no process has role 'orchestrator'"),
            std::string::npos)
      << without.text;
  const Finished status = installation.run({"status", kSampleLogin});
  EXPECT_LT(clock.now() - asked, std::chrono::seconds(2));
  EXPECT_EQ(status.exit_code, 0) << status.errors;
  EXPECT_NE(status.output.find("generation 1 of"), std::string::npos) << status.output;
  EXPECT_NE(status.output.find("no process has role 'orchestrator'"), std::string::npos)
      << status.output;
}

TEST(RolesApart, a_role_that_does_not_exist_is_refused_with_those_that_do) {
  Installation installation("http://127.0.0.1:9");
  const Finished finished = installation.run({"serve", "--role", "gateway,janitor"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_NE(finished.errors.find("no role 'janitor'; there are gateway, orchestrator, sync and "
                                 "trainer"),
            std::string::npos)
      << finished.errors;
}

}  // namespace
}  // namespace cloudfolio::system_test

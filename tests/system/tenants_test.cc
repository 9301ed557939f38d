// What an operator does about tenants, with the real program: limits that warn, refuse and are
// raised; and a deletion after which no file has a byte of the tenant.

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/clock.h"
#include "world.h"

namespace cloudfolio::system_test {
namespace {

using http::Method;

class Tenants : public testing::Test {
 protected:
  Tenants() : github(sample_portfolio()), installation(github.url()) {
    installation.environment["CLOUDFOLIO_TRAINING_ENABLED"] = "false";
    installation.environment["CLOUDFOLIO_BASE_MODEL"] = "/nonexistent";
  }

  Answer refresh() {
    return call(Method::post, installation.url() + "/v1/portfolios/" + kSampleLogin + "/refresh",
                "{}");
  }
  json::Value meter(const std::string& name) {
    const json::Value usage = installation.ask({"usage", kSampleLogin});
    for (const json::Value& one : array(usage, "meters"))
      if (text(one, "meter") == name) return one;
    throw std::runtime_error("no meter " + name + ": " + json::write(usage));
  }
  // Files of the installation's data in which the words stand.
  std::vector<std::string> files_with(const std::string& words) {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(installation.data())) {
      if (!entry.is_regular_file()) continue;
      std::ifstream stream(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
      if (bytes.find(words) != std::string::npos) found.push_back(entry.path().filename());
    }
    return found;
  }

  Simulator github;
  Installation installation;
};

TEST_F(Tenants, limits_warn_then_refuse_where_enforced_and_can_be_raised) {
  installation.environment["CLOUDFOLIO_QUOTA_ORCHESTRATIONS_PER_DAY"] = "2";
  installation.serve();
  for (int i = 0; i < 3; ++i) installation.ask({"sync", kSampleLogin});
  EXPECT_NE(installation.log().find("quota.warning"), std::string::npos);
  EXPECT_EQ(integer(meter("orchestrations"), "used"), 3);
  EXPECT_EQ(text(meter("orchestrations"), "level"), "full");
  EXPECT_GT(integer(meter("storage_bytes"), "used"), 10'000);
  EXPECT_GT(integer(meter("github_calls"), "used"), 0);
  const std::string all = call(Method::get, installation.url() + "/v1/admin/usage").text;
  EXPECT_NE(all.find(kSampleLogin), std::string::npos);

  installation.ask({"flags", "set", "ENABLE_QUOTA_ENFORCEMENT", "on", "--reason", "a test"});
  // A process follows within two seconds.
  const SystemClock clock;
  for (const auto end = clock.now() + std::chrono::seconds(30);
       clock.now() < end && !installation.ask({"usage", kSampleLogin}).at("enforced").as_bool();)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const Answer refused = refresh();
  EXPECT_EQ(refused.status, 429) << refused.text;
  EXPECT_EQ(text(refused.body, "error.quota.meter"), "orchestrations");
  EXPECT_EQ(integer(refused.body, "error.quota.limit"), 2);
  EXPECT_FALSE(text(refused.body, "error.quota.until").empty());
  EXPECT_TRUE(refused.headers.find("Retry-After"));
  EXPECT_EQ(installation.run({"sync", kSampleLogin}).exit_code, 5);
  EXPECT_EQ(integer(meter("orchestrations"), "total"), 3) << "what was refused counts nothing";

  // What was counted survives kill -9, and so does what was granted.
  installation.ask({"quota", "set", kSampleLogin, "orchestrations", "4"});
  installation.server().signal(SIGKILL);
  installation.server().wait();
  installation.serve();
  EXPECT_EQ(integer(meter("orchestrations"), "used"), 3);
  installation.ask({"sync", kSampleLogin});
  EXPECT_EQ(refresh().status, 429);
  EXPECT_EQ(integer(meter("orchestrations"), "total"), 4);
  EXPECT_TRUE(installation.ask({"usage", "--verify"}).at("reconciles").as_bool());
}

TEST_F(Tenants, a_deletion_leaves_no_byte_of_the_tenant_in_any_file) {
  installation.serve();
  installation.ask({"sync", kSampleLogin});
  installation.ask({"sync", kSampleLogin, "--force"});
  installation.ask({"search", kSampleLogin, "greenhouse"});
  EXPECT_FALSE(files_with(kSampleLogin).empty());
  EXPECT_FALSE(files_with("greenhouse").empty());
  const json::Value receipt = installation.ask({"tenant", "delete", kSampleLogin});
  EXPECT_GT(integer(receipt, "removed.blob_bytes"), 10'000);
  EXPECT_EQ(integer(receipt, "left.blobs"), 0);
  // The server runs on: its logs and free pages are looked at as well.
  EXPECT_EQ(files_with(kSampleLogin), std::vector<std::string>());
  EXPECT_EQ(files_with("greenhouse"), std::vector<std::string>());
  EXPECT_EQ(json::write(installation.ask({"tenant", "delete", kSampleLogin})),
            json::write(receipt));
  EXPECT_EQ(installation.run({"search", kSampleLogin, "greenhouse"}).exit_code, 3);
}

}  // namespace
}  // namespace cloudfolio::system_test

#include <gtest/gtest.h>

#include "base/time_text.h"
#include "gateway/testing/gateway_fixture.h"

namespace cloudfolio::gateway {
namespace {

class CostRoutes : public GatewayFixture {
 protected:
  void open_with_ledger() {
    Gateway::Options options;
    options.costs = [this](const Context&, const std::optional<TenantId>& tenant,
                           Clock::WallTime since) -> Result<std::string> {
      asked = (tenant ? tenant->str() : "everybody") + " " + to_text(since);
      return std::string(R"({"total_micros":7})");
    };
    options.answered = [this](std::string_view route, const TenantId& tenant) {
      const std::lock_guard lock(mutex);
      answered.push_back(std::string(route) + " " + tenant.str());
    };
    open(Tokens::some, std::move(options));
  }
  std::string asked;
  std::mutex mutex;
  std::vector<std::string> answered;
};

TEST_F(CostRoutes, an_operator_reads_the_sums_of_one_tenant_or_of_all) {
  open_with_ledger();
  EXPECT_EQ(get("/v1/admin/costs?login=Ada&since=2026-01-31", "root-token").body.view(),
            R"({"total_micros":7})");
  EXPECT_EQ(asked, "ada 2026-01-31T00:00:00Z");
  EXPECT_EQ(get("/v1/admin/costs", "root-token").status, 200);
  EXPECT_TRUE(asked.starts_with("everybody ")) << asked;
  EXPECT_EQ(get("/v1/admin/costs", "ada-token").status, 403);
}

TEST_F(CostRoutes, a_wrong_day_is_refused_and_a_server_without_a_ledger_says_so) {
  open_with_ledger();
  EXPECT_EQ(get("/v1/admin/costs?since=yesterday", "root-token").status, 400);
  EXPECT_EQ(get("/v1/admin/costs?login=-", "root-token").status, 400);
  server.reset();
  open(Tokens::some);
  EXPECT_EQ(v1_error_of(get("/v1/admin/costs", "root-token")),
            "not_found: no ledger of costs is kept by this server");
}

TEST_F(CostRoutes, every_answer_is_told_with_its_route_and_tenant) {
  portfolios.publish("ada", kTwoRepositories);
  open_with_ledger();
  EXPECT_EQ(get("/api/bundles/Ada").status, 200);
  EXPECT_EQ(get("/v1/health").status, 200);
  const std::lock_guard lock(mutex);
  EXPECT_EQ(answered, (std::vector<std::string>{"bundle ada", "v1_health "}));
}

}  // namespace
}  // namespace cloudfolio::gateway

// Usage, quotas and deletion over HTTP; and what a refusal by quota says.

#include <gtest/gtest.h>

#include "gateway/administration.h"
#include "gateway/testing/gateway_fixture.h"

namespace cloudfolio::gateway {
namespace {

class FakeAdministration final : public Administration {
 public:
  Result<std::string> usage(const Context&, const std::optional<TenantId>& tenant) override {
    return "{\"of\":\"" + (tenant ? tenant->str() : "all") + "\"}";
  }
  Result<std::string> verify_usage(const Context&, const std::optional<TenantId>&) override {
    return std::string(R"({"reconciles":true})");
  }
  Result<std::string> set_quota(const Context&, const TenantId& tenant, const std::string& meter,
                                std::optional<std::int64_t> amount) override {
    granted.push_back(tenant.str() + " " + meter + " " +
                      (amount ? std::to_string(*amount) : "default"));
    return std::string("{}");
  }
  Result<std::string> settings(const Context&, const TenantId& tenant) override {
    return "{\"tenant\":\"" + tenant.str() + "\"}";
  }
  Result<std::string> set_include_private(const Context& ctx, const TenantId& tenant,
                                          IncludePrivate value, const std::string& by) override {
    granted.push_back(tenant.str() + (value == IncludePrivate::yes ? " on" : " off") + " by " + by);
    return settings(ctx, tenant);
  }
  Result<std::string> delete_tenant(const Context&, const TenantId& tenant) override {
    deleted.push_back(tenant.str());
    return std::string(R"({"proof":"p"})");
  }
  Result<bool> is_deleted(const Context&, const TenantId& tenant) override {
    return !deleted.empty() && deleted.back() == tenant.str();
  }
  Result<std::optional<QuotaState>> quota(const Context&, const TenantId&, Metered) override {
    return state;
  }

  std::vector<std::string> granted;
  std::vector<std::string> deleted;
  std::optional<QuotaState> state;
};

class AdminRoutes : public GatewayFixture {
 protected:
  FakeAdministration administration;
  void serve_all() { open(Tokens::some, {.administration = &administration}); }
  http::Response put(std::string path, std::string body) {
    return send({.method = http::Method::put,
                 .path = std::move(path),
                 .body = std::move(body),
                 .token = "root-token"});
  }
};

TEST_F(AdminRoutes, usage_is_shown_whole_by_tenant_and_verified) {
  serve_all();
  EXPECT_EQ(get("/v1/admin/usage", "root-token").body.view(), R"({"of":"all"})");
  EXPECT_EQ(get("/v1/admin/usage?login=Ada", "root-token").body.view(), R"({"of":"ada"})");
  EXPECT_EQ(get("/v1/portfolios/ada/usage", "ada-token").body.view(), R"({"of":"ada"})");
  EXPECT_EQ(get("/v1/portfolios/ada/usage", "bob-token").status, 403);
  EXPECT_EQ(get("/v1/admin/usage?verify=true", "root-token").body.view(), R"({"reconciles":true})");
}

TEST_F(AdminRoutes, quotas_are_set_all_or_none) {
  serve_all();
  EXPECT_EQ(put("/v1/admin/tenants/Ada/quotas", R"({"orchestrations":60,"trainings":null})").status,
            200);
  EXPECT_EQ(administration.granted,
            (std::vector<std::string>{"ada orchestrations 60", "ada trainings default"}));
  for (const char* bad : {R"({"orchestrations":1,"coffee":2})", R"({"orchestrations":-1})",
                          R"({"orchestrations":"many"})", "{}", "[]"})
    EXPECT_EQ(put("/v1/admin/tenants/ada/quotas", bad).status, 400) << bad;
  EXPECT_EQ(administration.granted.size(), 2u);
}

TEST_F(AdminRoutes, what_private_text_is_used_for_is_the_tenants_to_allow) {
  serve_all();
  const std::string path = "/v1/portfolios/ada/settings";
  const auto set = [&](const std::string& body, const std::string& token) {
    return send({.method = http::Method::put, .path = path, .body = body, .token = token}).status;
  };
  EXPECT_EQ(get(path, "ada-token").body.view(), R"({"tenant":"ada"})");
  EXPECT_EQ(get(path, "bob-token").status, 403);
  EXPECT_EQ(set(R"({"training.include_private":true})", "ada-token"), 200);
  EXPECT_EQ(set(R"({"training.include_private":true})", "bob-token"), 403);
  EXPECT_EQ(set(R"({"training.include_private":true})", "root-token"), 403);
  EXPECT_EQ(set(R"({"training.include_private":false})", "root-token"), 200);
  EXPECT_EQ(set(R"({"training.include_private":"yes"})", "ada-token"), 400);
  EXPECT_EQ(set(R"({"training.include_private":true,"more":1})", "ada-token"), 400);
  EXPECT_EQ(administration.granted,
            (std::vector<std::string>{"ada on by tenant ada", "ada off by operator"}));
}

TEST_F(AdminRoutes, a_deleted_tenant_does_not_come_back_by_a_webhook) {
  serve_all();
  const auto answer = send(
      {.method = http::Method::delete_, .path = "/v1/admin/tenants/ada", .token = "root-token"});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body.view(), R"({"proof":"p"})");
  const std::string push = R"({"repository":{"name":"r","owner":{"login":"Ada"}}})";
  EXPECT_EQ(post("/api/orchestrator_start", push, "ada-token").status, 200);
  EXPECT_TRUE(portfolios.calls().empty());
  EXPECT_EQ(post("/v1/portfolios/ada/refresh", "{}", "ada-token").status, 202);
}

TEST_F(AdminRoutes, a_refusal_says_what_how_much_and_until_when) {
  portfolios.fail_with(Error(Code::quota_exceeded, "orchestrations: 50 of 50"));
  administration.state = QuotaState{.meter = "orchestrations",
                                    .used = 50,
                                    .limit = 50,
                                    .remaining = 0,
                                    .window = std::chrono::hours(24),
                                    .fits_in = std::chrono::seconds(90),
                                    .fits_at = "2026-01-02T00:00:00Z",
                                    .message = "m",
                                    .refused = true};
  serve_all();
  for (const char* path : {"/v1/portfolios/ada/refresh", "/v1/portfolios/ada/train",
                           "/api/bundles/ada/refresh", "/api/orchestrator_start"}) {
    const auto answer = post(path, "{}", "ada-token");
    EXPECT_EQ(answer.status, 429) << path;
    EXPECT_EQ(answer.headers.find("Retry-After"), "90") << path;
    EXPECT_EQ(answer.headers.find("RateLimit-Policy"), "\"orchestrations\";q=50;w=86400");
    EXPECT_EQ(answer.headers.find("RateLimit"), "\"orchestrations\";r=0;t=90");
  }
  const json::Value body = read(post("/v1/portfolios/ada/refresh", "{}", "ada-token"));
  EXPECT_EQ(json::write(*json::find_path(body, "error.quota")),
            R"({"meter":"orchestrations","used":50,"limit":50,"until":"2026-01-02T00:00:00Z"})");
  // Waiting does not help a full store: no time is told.
  administration.state->fits_in.reset();
  EXPECT_FALSE(post("/v1/portfolios/ada/refresh", "{}", "ada-token").headers.find("Retry-After"));
}

TEST_F(AdminRoutes, a_start_that_is_accepted_says_what_is_left) {
  administration.state = QuotaState{.meter = "orchestrations",
                                    .used = 3,
                                    .limit = 50,
                                    .remaining = 47,
                                    .window = std::chrono::hours(24)};
  serve_all();
  const auto answer = post("/v1/portfolios/ada/refresh", "{}", "ada-token");
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.headers.find("RateLimit"), "\"orchestrations\";r=47");
}

}  // namespace
}  // namespace cloudfolio::gateway

// Who may do what: every route, without a token, with another tenant's, with one's own, an
// operator's.

#include <gtest/gtest.h>

#include <algorithm>

#include "gateway/bundle_pages.h"
#include "gateway/caller.h"
#include "gateway/testing/gateway_fixture.h"
#include "http/testing/raw_socket.h"

namespace cloudfolio::gateway {
namespace {

using durable::OrchestrationStatus;
using http::Method;

class Guards : public GatewayFixture {
 protected:
  std::string say(std::string_view bytes) {
    http::RawSocket peer = http::RawSocket::connect(port());
    peer.send(bytes);
    return peer.receive_response();
  }
  static std::string filled(std::string pattern) {
    const auto replace = [&](std::string_view what, std::string_view with) {
      if (const auto at = pattern.find(what); at != std::string::npos)
        pattern.replace(at, what.size(), with);
    };
    replace("{username}", "ada");
    replace("{login}", "ada");
    replace("{repo}", "alpha");
    replace("{name}", "alpha");
    replace("{id}", "refresh:ada");
    replace("{event}", "go");
    replace("{flag}", "ENABLE_GRAPHQL_BATCH_FETCH");
    return pattern;
  }
};

struct Access {
  std::string anonymous;
  std::string other;
  std::string own;
  std::string root;
};

// "yes", or the status that refuses.
std::string verdict(int status) {
  return status == 401 || status == 403 ? std::to_string(status) : "yes";
}

std::map<std::string, Access> rules_of_routes() {
  const Access open_to_all{"yes", "yes", "yes", "yes"};
  const Access owner{"401", "403", "yes", "yes"};
  const Access operators{"401", "403", "403", "yes"};
  return {
      {"POST /api/orchestrator_start", owner},
      {"GET /api/bundles/{username}", open_to_all},
      {"GET /api/bundles/{username}/{repo}", open_to_all},
      {"POST /api/ai", open_to_all},
      {"GET /api/surveys", open_to_all},
      {"POST /api/bundles/{username}/refresh", owner},
      {"GET /api/bundles/{username}/status", open_to_all},
      {"GET /runtime/webhooks/durabletask/instances", operators},
      {"GET /runtime/webhooks/durabletask/instances/{id}", open_to_all},
      {"DELETE /runtime/webhooks/durabletask/instances/{id}", owner},
      {"POST /runtime/webhooks/durabletask/instances/{id}/raiseEvent/{event}", owner},
      {"POST /runtime/webhooks/durabletask/instances/{id}/terminate", owner},
      {"POST /runtime/webhooks/durabletask/instances/{id}/suspend", owner},
      {"POST /runtime/webhooks/durabletask/instances/{id}/resume", owner},
      {"POST /runtime/webhooks/durabletask/instances/{id}/restart", owner},
      {"POST /runtime/webhooks/durabletask/instances/{id}/rewind", owner},
      {"GET /v1/portfolios/{login}", open_to_all},
      {"GET /v1/portfolios/{login}/repositories/{name}", open_to_all},
      {"POST /v1/portfolios/{login}/refresh", owner},
      {"POST /v1/portfolios/{login}/train", owner},
      {"GET /v1/portfolios/{login}/status", open_to_all},
      {"GET /v1/portfolios/{login}/models", open_to_all},
      {"GET /v1/portfolios/{login}/search", open_to_all},
      {"GET /v1/portfolios/{login}/usage", owner},
      {"GET /v1/portfolios/{login}/settings", owner},
      {"PUT /v1/portfolios/{login}/settings", owner},
      {"GET /v1/admin/usage", operators},
      {"PUT /v1/admin/tenants/{login}/quotas", operators},
      {"DELETE /v1/admin/tenants/{login}", operators},
      {"GET /v1/admin/flags", operators},
      {"PUT /v1/admin/flags/{flag}", operators},
      {"POST /v1/admin/flags/{flag}/rearm", operators},
      {"GET /v1/admin/flags/{flag}/history", operators},
      {"GET /api/health", open_to_all},
      {"GET /v1/health", open_to_all},
      {"GET /v1/health/ready", open_to_all},
      {"GET /v1/admin/shadow", operators},
      {"GET /metrics", operators},
      {"GET /v1/admin/costs", operators},
      {"GET /v1/admin/trainings", operators},
      {"GET /v1/admin/trainings/{instance}", operators},
      {"GET /v1/admin/trainings/{instance}/logs", operators},
      {"POST /v1/admin/trainings/{instance}/cancel", operators},
      {"POST /v1/admin/trainings/{instance}/retry", operators},
  };
}

TEST_F(Guards, every_route_has_its_rule) {
  const auto rules = rules_of_routes();
  portfolios.publish("ada", kTwoRepositories);
  open(Tokens::some);
  for (const auto& route : gateway->routes()) {
    const std::string name = route.method + " " + route.pattern;
    SCOPED_TRACE(name);
    const auto rule = rules.find(name);
    ASSERT_NE(rule, rules.end()) << "a route without a rule";
    const auto ask = [&](std::string token) {
      instances.put(instance("refresh:ada", OrchestrationStatus::running));
      return verdict(send({.method = http::method_from(route.method),
                           .path = filled(route.pattern),
                           .body = R"({"username":"ada","query":"q"})",
                           .token = std::move(token)})
                         .status);
    };
    EXPECT_EQ(ask(""), rule->second.anonymous);
    EXPECT_EQ(ask("bob-token"), rule->second.other);
    EXPECT_EQ(ask("ada-token"), rule->second.own);
    EXPECT_EQ(ask("root-token"), rule->second.root);
    EXPECT_EQ(ask("wrong-token"), "401");
  }
  EXPECT_EQ(gateway->routes().size(), rules.size());
}

TEST_F(Guards, nobodys_instance_is_the_operators) {
  instances.put(instance("clean_up", OrchestrationStatus::running));
  open(Tokens::some);
  const std::string path = "/runtime/webhooks/durabletask/instances/clean_up";
  EXPECT_EQ(get(path).status, 401);
  EXPECT_EQ(get(path, "ada-token").status, 403);
  EXPECT_EQ(get(path, "root-token").status, 202);
  EXPECT_EQ(post(path + "/terminate", "", "ada-token").status, 403);
}

TEST_F(Guards, what_is_private_is_the_tenants_own_and_an_operators_who_says_so) {
  open(Tokens::some);
  const std::string search = "/v1/portfolios/ada/search?q=x";
  const auto sight = [&](const std::string& path, const std::string& token) {
    const int status = get(path, token).status;
    if (status != 200) return std::to_string(status);
    return std::string(portfolios.calls().back().ends_with("with private") ? "private" : "public");
  };
  EXPECT_EQ(sight(search, ""), "public");
  EXPECT_EQ(sight(search, "bob-token"), "public");
  EXPECT_EQ(sight(search, "ada-token"), "private");
  EXPECT_EQ(sight(search, "root-token"), "public");
  EXPECT_EQ(sight(search + "&private=true", ""), "401");
  EXPECT_EQ(sight(search + "&private=true", "bob-token"), "403");
  EXPECT_EQ(sight(search + "&private=true", "root-token"), "private");
  EXPECT_EQ(sight(search + "&private=false", "ada-token"), "public");
  EXPECT_EQ(sight(search + "&private=maybe", "ada-token"), "400");
  EXPECT_EQ(sight("/v1/portfolios/ada/status", "bob-token"), "public");
  EXPECT_EQ(sight("/v1/portfolios/ada/status", "root-token"), "private");
  EXPECT_EQ(get(search, "ada-token").headers.find("Cache-Control"), "private, no-store");
}

TEST_F(Guards, runs_on_private_text_do_not_exist_for_others) {
  instances.put(instance("private:index:ada", OrchestrationStatus::running));
  open(Tokens::some);
  const std::string all = "/runtime/webhooks/durabletask/instances/";
  for (const char* token : {"", "bob-token"}) {
    const http::Response there = get(all + "private:index:ada", token);
    const http::Response not_there = get(all + "private:index:adb", token);
    EXPECT_EQ(there.status, 404);
    EXPECT_EQ(not_there.status, 404);
    EXPECT_EQ(error_of(there), "No such instance: private:index:ada");
    EXPECT_EQ(post(all + "private:index:ada/terminate", "", token).status, 404);
  }
  EXPECT_EQ(get(all + "private:index:ada", "ada-token").status, 202);
  EXPECT_EQ(get(all + "private:index:ada", "root-token").status, 202);
}

TEST_F(Guards, a_token_may_come_as_the_originals_host_key_and_nothing_else_is_taken_for_one) {
  open(Tokens::some);
  EXPECT_EQ(send({.path = "/metrics", .headers = {{"x-functions-key", "root-token"}}}).status, 200);
  EXPECT_EQ(send({.path = "/metrics", .headers = {{"Authorization", "Basic cm9vdA=="}}}).status,
            401);
  EXPECT_EQ(get("/metrics?code=root-token").status, 401);
  EXPECT_EQ(get("/metrics").headers.find("WWW-Authenticate"), "Bearer");
}

TEST_F(Guards, a_tenants_token_starts_its_own_refresh_without_naming_it) {
  open(Tokens::some);
  EXPECT_EQ(post("/api/orchestrator_start", "{}", "ada-token").status, 202);
  EXPECT_EQ(portfolios.calls().back(), "start_refresh ada");
}

TEST_F(Guards, without_tokens_only_this_machines_names_are_answered) {
  open();
  EXPECT_TRUE(say("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(
      say("GET /metrics HTTP/1.1\r\nHost: rebound.example:80\r\n\r\n").starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(say("POST /v1/portfolios/ada/refresh HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                  "Origin: https://evil.example\r\nContent-Length: 0\r\n\r\n")
                  .starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(say("POST /v1/portfolios/ada/refresh HTTP/1.1\r\nHost: 127.0.0.1:7071\r\n"
                  "Origin: http://127.0.0.1:7071\r\nContent-Length: 0\r\n\r\n")
                  .starts_with("HTTP/1.1 202"));
}

TEST_F(Guards, a_public_url_is_answered_too_and_links_name_it) {
  open(Tokens::none, {.public_url = "https://folio.example"});
  const std::string response =
      say("POST /api/orchestrator_start HTTP/1.1\r\nHost: folio.example\r\n"
          "Content-Length: 18\r\n\r\n{\"username\":\"ada\"}");
  EXPECT_TRUE(response.starts_with("HTTP/1.1 202")) << response;
  EXPECT_NE(response.find("\"statusQueryGetUri\": \"https://folio.example/runtime/"),
            std::string::npos);
}

TEST_F(Guards, listening_beyond_loopback_needs_tokens) {
  const tenancy::TokenTable none;
  EXPECT_TRUE(check_listen("127.0.0.1", none));
  EXPECT_TRUE(check_listen("::1", none));
  EXPECT_TRUE(check_listen("localhost", none));
  const auto refused = check_listen("0.0.0.0", none);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("auth.tokens"), std::string::npos);
  const auto table = tenancy::TokenTable::parse({{crypto::sha256_hex("t"), "ada"}});
  EXPECT_TRUE(check_listen("0.0.0.0", *table));
}

TEST_F(Guards, metrics_show_what_was_counted) {
  open();
  get("/api/health");
  const auto response = get("/metrics");
  EXPECT_EQ(response.headers.find("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(response.body.view().find(
                "cloudfolio_http_requests_total{route=\"health\",status=\"200\"} 1"),
            std::string_view::npos);
}

TEST(BundlePages, keep_what_fits_and_drop_the_least_recently_used) {
  FakePortfolios portfolios;
  telemetry::MetricRegistry metrics;
  for (const char* login : {"a", "b", "c"})
    portfolios.publish(login, "[{\"name\":\"" + std::string(1000, 'x') + "\"}]");
  BundlePages pages(portfolios, 2500, metrics);
  const auto read = [&](const std::string& login) {
    const int before = portfolios.bundles_read();
    EXPECT_TRUE(pages.page({}, TenantId(login), login, BundlePages::Form::v1));
    return portfolios.bundles_read() == before ? "kept" : "rendered";
  };
  EXPECT_STREQ(read("a"), "rendered");
  EXPECT_STREQ(read("b"), "rendered");
  EXPECT_STREQ(read("a"), "kept");
  EXPECT_STREQ(read("c"), "rendered");
  EXPECT_STREQ(read("a"), "kept");
  EXPECT_STREQ(read("b"), "rendered");
}

TEST(BundlePages, an_etag_is_compared_weakly_and_a_star_matches_all) {
  EXPECT_TRUE(matches_etag("\"x\" , W/\"a\"", "\"a\""));
  EXPECT_TRUE(matches_etag("*", "\"a\""));
  EXPECT_FALSE(matches_etag("", "\"a\""));
  EXPECT_FALSE(matches_etag("\"ab\"", "\"a\""));
}

}  // namespace
}  // namespace cloudfolio::gateway

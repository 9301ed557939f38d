#include <gtest/gtest.h>

#include "gateway/testing/gateway_fixture.h"

namespace cloudfolio::gateway {
namespace {

class V1Routes : public GatewayFixture {};

TEST_F(V1Routes, a_portfolio_has_its_head_and_its_data) {
  portfolios.publish("ada", kTwoRepositories);
  open();
  const auto response = get("/v1/portfolios/Ada");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body.view(), R"({"login":"ada","generation":1,"fingerprint":"fp1",)"
                                  R"("last_modified":"2026-01-02T03:04:05Z","size_bytes":)" +
                                      std::to_string(sizeof kTwoRepositories - 1) + R"(,"data":)" +
                                      kTwoRepositories + "}");
  const std::string etag(*response.headers.find("ETag"));
  EXPECT_EQ(send({.path = "/v1/portfolios/ada", .headers = {{"If-None-Match", etag}}}).status, 304);
  EXPECT_EQ(read(get("/v1/portfolios/ada/repositories/beta")),
            *json::parse(R"({"name":"beta","fingerprint":"b2"})"));
}

TEST_F(V1Routes, errors_carry_a_code_and_a_message) {
  open();
  const auto absent = get("/v1/portfolios/nobody");
  EXPECT_EQ(absent.status, 404);
  EXPECT_EQ(v1_error_of(absent), "not_found: no portfolio of nobody is published here");
  EXPECT_EQ(get("/v1/portfolios/-%20-").status, 400);
  EXPECT_TRUE(v1_error_of(get("/v1/nowhere")).starts_with("not_found: No such route"));
}

TEST_F(V1Routes, a_refresh_and_a_training_are_accepted_with_an_id_and_where_to_look) {
  open();
  const auto refresh = post("/v1/portfolios/ada/refresh", R"({"force":true})");
  EXPECT_EQ(refresh.status, 202);
  EXPECT_EQ(read(refresh), *json::parse(R"({"id":"refresh:ada","outcome":"started",
              "status_url":"/runtime/webhooks/durabletask/instances/refresh:ada"})"));
  EXPECT_EQ(post("/v1/portfolios/ada/refresh").status, 202);
  const auto train = post("/v1/portfolios/ada/train", R"({"max_steps":5})");
  EXPECT_EQ(json::find_string(read(train), "id"), "train:ada:fp");
  EXPECT_EQ(portfolios.calls(),
            (std::vector<std::string>{"start_refresh ada force", "start_refresh ada",
                                      "start_training ada 5 0"}));
}

TEST_F(V1Routes, bodies_are_strict_and_say_what_is_wrong) {
  open();
  EXPECT_EQ(v1_error_of(post("/v1/portfolios/ada/refresh", R"({"forse":true})")),
            "invalid_argument: request body: field 'forse': unknown; did you mean 'force'?");
  EXPECT_EQ(v1_error_of(post("/v1/portfolios/ada/refresh", R"({"force":"yes"})")),
            "invalid_argument: request body: field 'force': expected boolean, found string");
  EXPECT_EQ(post("/v1/portfolios/ada/train", R"({"max_steps":0})").status, 400);
  EXPECT_TRUE(portfolios.calls().empty());
}

TEST_F(V1Routes, a_search_takes_its_limits_from_the_query_string) {
  open();
  EXPECT_EQ(read(get("/v1/portfolios/ada/search?q=c%2B%2B+parser")),
            *json::parse(R"({"query":"c++ parser","results":[]})"));
  EXPECT_EQ(get("/v1/portfolios/ada/search?q=x&limit=100&hits=3&explain=true").status, 200);
  EXPECT_EQ(portfolios.calls(),
            (std::vector<std::string>{"search ada 10 1", "search ada 100 3 explain"}));
  for (const char* query : {"", "?q=", "?q=x&limit=0", "?q=x&limit=101", "?q=x&limit=ten",
                            "?q=x&hits=21", "?q=x&explain=maybe"})
    EXPECT_EQ(get(std::string("/v1/portfolios/ada/search") + query).status, 400) << query;
}

TEST_F(V1Routes, status_and_health_pass_through) {
  open();
  EXPECT_EQ(get("/v1/portfolios/ada/status").body.view(), R"({"login":"ada"})");
  EXPECT_EQ(get("/v1/portfolios/ada/models").body.view(), R"({"login":"ada","models":[]})");
  EXPECT_EQ(get("/v1/health").status, 200);
}

}  // namespace
}  // namespace cloudfolio::gateway

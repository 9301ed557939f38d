#include <gtest/gtest.h>

#include "gateway/testing/gateway_fixture.h"

namespace cloudfolio::gateway {
namespace {

using durable::OrchestrationStatus;

class OriginalRoutes : public GatewayFixture {};

TEST_F(OriginalRoutes, a_start_answers_202_with_the_durable_links) {
  open();
  const auto response = post("/api/orchestrator_start", R"({"username":"Ada"})");
  EXPECT_EQ(response.status, 202);
  const std::string base = server->origin() + "/runtime/webhooks/durabletask/instances/refresh:ada";
  const std::string hub = "taskHub=DurableFunctionsHub&connection=Storage";
  EXPECT_EQ(read(response),
            json::Value(json::Object{{"id", "refresh:ada"},
                                     {"statusQueryGetUri", base + "?" + hub},
                                     {"sendEventPostUri", base + "/raiseEvent/{eventName}?" + hub},
                                     {"terminatePostUri", base + "/terminate?reason={text}&" + hub},
                                     {"rewindPostUri", base + "/rewind?reason={text}&" + hub},
                                     {"purgeHistoryDeleteUri", base + "?" + hub},
                                     {"restartPostUri", base + "/restart?" + hub},
                                     {"suspendPostUri", base + "/suspend?reason={text}&" + hub},
                                     {"resumePostUri", base + "/resume?reason={text}&" + hub}}));
  EXPECT_EQ(response.headers.find("Location"), base + "?" + hub);
  EXPECT_EQ(portfolios.calls(),
            (std::vector<std::string>{"find_unchanged ada", "start_refresh ada"}));
}

TEST_F(OriginalRoutes, the_status_link_can_be_followed) {
  open();
  instances.put(instance("refresh:ada", OrchestrationStatus::running));
  const auto links = read(post("/api/orchestrator_start", R"({"username":"ada"})"));
  http::ClientRequest request;
  request.url = std::string(*json::find_string(links, "statusQueryGetUri"));
  const auto status = client->send({}, request);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->status, 202);
  EXPECT_EQ(json::find_string(read(*status), "runtimeStatus"), "Running");
}

TEST_F(OriginalRoutes, an_unchanged_portfolio_is_answered_from_the_cache) {
  portfolios.publish("ada", kTwoRepositories);
  open();
  const auto response = post("/api/orchestrator_start", R"({"username":"ada"})");
  EXPECT_EQ(response.status, 200);
  auto body = read(response);
  const auto timestamp = json::find_string(body, "timestamp");
  ASSERT_TRUE(timestamp);
  EXPECT_EQ(timestamp->find_first_of("Z+"), std::string_view::npos) << *timestamp;
  body.as_object().erase("timestamp");
  EXPECT_EQ(body, json::Value(json::Object{
                      {"status", "cached"},
                      {"message", "Using cached repository data (fingerprint match)"},
                      {"cache_key", "repos_bundle_context_ada"},
                      {"repos_count", 2},
                      {"bundle_fingerprint", "fp1"},
                      {"cache_info", json::Object{{"last_modified", "2026-01-02T03:04:05+00:00"},
                                                  {"size_bytes", sizeof kTwoRepositories - 1},
                                                  {"no_expiry", true}}}}));
}

TEST_F(OriginalRoutes, a_forced_start_asks_no_cache) {
  portfolios.publish("ada", kTwoRepositories);
  open();
  EXPECT_EQ(post("/api/orchestrator_start", R"({"username":"ada","force_refresh":true})").status,
            202);
  EXPECT_EQ(portfolios.calls(), std::vector<std::string>{"start_refresh ada force"});
}

TEST_F(OriginalRoutes, a_webhooks_body_is_a_hint_and_never_a_force) {
  portfolios.publish("ada", kTwoRepositories);
  open();
  const auto response =
      post("/api/orchestrator_start", R"({"repository":{"name":"alpha","owner":{"login":"ada"}},)"
                                      R"("username":"bob","force_refresh":true})");
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(portfolios.calls(), std::vector<std::string>{"start_refresh ada"});
  const auto refused = post("/api/orchestrator_start", R"({"repository":{"name":"alpha"}})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(error_of(refused), "Invalid GitHub webhook payload: missing username or repo name");
}

TEST_F(OriginalRoutes, a_webhook_with_a_secret_must_be_signed_and_then_needs_no_token) {
  Gateway::Options options;
  options.delivery_is_genuine = [](std::string_view body, std::string_view signature) {
    return signature == "sha256=" + crypto::sha256_hex(body);
  };
  open(Tokens::some, options);
  const std::string body = R"({"repository":{"name":"alpha","owner":{"login":"ada"}}})";
  const auto deliver = [&](http::Headers headers) {
    return send({.method = http::Method::post,
                 .path = "/api/orchestrator_start",
                 .body = body,
                 .headers = std::move(headers)})
        .status;
  };
  EXPECT_EQ(deliver({{"X-Hub-Signature-256", "sha256=" + crypto::sha256_hex(body)}}), 202);
  EXPECT_EQ(deliver({{"X-Hub-Signature-256", "sha256=0"}}), 401);
  EXPECT_EQ(deliver({}), 401);
  EXPECT_EQ(portfolios.calls().size(), 1u);
}

TEST_F(OriginalRoutes, bad_bodies_are_told_what_is_wrong) {
  open();
  EXPECT_EQ(
      error_of(post("/api/orchestrator_start", "{")),
      "Failed to start orchestration: request body: not JSON: line 1, column 2: the text ends "
      "too early");
  EXPECT_EQ(error_of(post("/api/orchestrator_start", "[]")),
            "Failed to start orchestration: request body: expected a JSON object, found array");
  EXPECT_EQ(error_of(post("/api/orchestrator_start", "")),
            "Failed to start orchestration: Request body must contain 'username' field");
  EXPECT_EQ(post("/api/orchestrator_start", R"({"username":"a/b"})").status, 400);
  EXPECT_EQ(post("/api/orchestrator_start", R"({"username":7})").status, 400);
  EXPECT_TRUE(portfolios.calls().empty());
}

TEST_F(OriginalRoutes, a_configured_default_login_stands_for_nobody) {
  open(Tokens::none, {.default_login = "ada"});
  EXPECT_EQ(post("/api/orchestrator_start", "{}").status, 202);
  EXPECT_EQ(portfolios.calls().back(), "start_refresh ada");
}

TEST_F(OriginalRoutes, a_bundle_has_the_originals_shape_and_is_rendered_once) {
  portfolios.publish("ada", kTwoRepositories);
  open();
  const auto response = get("/api/bundles/Ada");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.find("Cache-Control"), "public, max-age=900");
  EXPECT_EQ(response.headers.find("Content-Type"), "application/json; charset=utf-8");
  EXPECT_EQ(response.body.view(),
            "{\n  \"username\": \"Ada\",\n  \"fingerprint\": \"fp1\",\n"
            "  \"last_modified\": \"2026-01-02T03:04:05+00:00\",\n  \"size_bytes\": " +
                std::to_string(sizeof kTwoRepositories - 1) +
                ",\n  \"data\": [\n    {\n      \"name\": \"alpha\",\n      \"fingerprint\": "
                "\"a1\",\n      \"stars\": 1\n    },\n    {\n      \"name\": \"beta\",\n      "
                "\"fingerprint\": \"b2\"\n    }\n  ]\n}");
  get("/api/bundles/Ada");
  EXPECT_EQ(portfolios.bundles_read(), 1);
  EXPECT_EQ(metric("cloudfolio_gateway_bundle_pages_total{outcome=\"hit\"}"), 1);
}

TEST_F(OriginalRoutes, a_bundle_that_did_not_change_is_304_and_a_new_publication_is_seen_at_once) {
  portfolios.publish("ada", kTwoRepositories);
  open();
  const auto first = get("/api/bundles/ada");
  const std::string etag(*first.headers.find("ETag"));
  const auto again = [&] {
    return send({.path = "/api/bundles/ada", .headers = {{"If-None-Match", "\"x\", W/" + etag}}});
  };
  EXPECT_EQ(again().status, 304);
  EXPECT_TRUE(again().body.empty());
  portfolios.publish("ada", "[]");
  const auto fresh = again();
  EXPECT_EQ(fresh.status, 200);
  EXPECT_EQ(json::find_array(read(fresh), "data")->size(), 0u);
}

TEST_F(OriginalRoutes, absent_bundles_and_repositories_are_404_in_the_originals_words) {
  open();
  const auto bundle = get("/api/bundles/Nobody");
  EXPECT_EQ(bundle.status, 404);
  EXPECT_EQ(error_of(bundle), "No valid bundle found for 'Nobody'");
  portfolios.publish("ada", kTwoRepositories);
  const auto repository = get("/api/bundles/ada/gamma");
  EXPECT_EQ(repository.status, 404);
  EXPECT_EQ(error_of(repository), "No valid repository data found for 'gamma' by user 'ada'");
}

TEST_F(OriginalRoutes, one_repository_has_the_originals_shape) {
  portfolios.publish("ada", kTwoRepositories);
  open();
  const auto response = get("/api/bundles/ada/alpha");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(read(response), *json::parse(R"({"username":"ada","repo":"alpha","fingerprint":"a1",
              "last_modified":"2026-01-02T03:04:05+00:00","size_bytes":45,
              "data":{"name":"alpha","fingerprint":"a1","stars":1}})"));
}

TEST_F(OriginalRoutes, a_question_is_answered_from_the_published_portfolio) {
  portfolios.publish("ada", kTwoRepositories);
  open();
  const auto response = post("/api/ai", R"({"query":"what {is} this?","username":"ada"})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(read(response), *json::parse(R"({"response":"**yes**","repositories_used":[],
              "total_repositories":2,"query":"what {is} this?"})"));
  EXPECT_EQ(error_of(post("/api/ai", R"({"username":"ada"})")),
            "Request body must contain 'query' field");
}

TEST_F(OriginalRoutes, a_question_without_a_bundle_looks_at_the_instance_and_fetches_no_url) {
  open();
  http::Response response = post("/api/ai", R"({"query":"q","username":"ada"})");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(error_of(response),
            "No repo context results available. Provide instance_id or wait for orchestration.");
  instances.put(instance("refresh:ada", OrchestrationStatus::running));
  response = post("/api/ai", R"({"query":"q","username":"ada","instance_id":"refresh:ada",)"
                             R"("status_query_url":")" +
                                 url("/api/health") + R"("})");
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(error_of(response), "Orchestration not completed or results unavailable");
  for (const std::string& call : portfolios.calls()) EXPECT_NE(call, "health");
  EXPECT_EQ(post("/api/ai", R"({"query":"q","username":"ada","instance_id":"none"})").status, 404);
}

TEST_F(OriginalRoutes, surveys_are_an_empty_gallery) {
  open();
  const auto response = get("/api/surveys?theme=dark");
  EXPECT_EQ(response.body.view(), "{\n  \"count\": 0,\n  \"theme\": \"dark\",\n  \"items\": []\n}");
  EXPECT_EQ(response.headers.find("Cache-Control"), "public, max-age=600");
  EXPECT_EQ(get("/api/surveys?theme=blue").status, 400);
}

TEST_F(OriginalRoutes, the_aliases_start_and_show_a_refresh) {
  open();
  const auto started = post("/api/bundles/ada/refresh", R"({"force_refresh":true})");
  EXPECT_EQ(started.status, 202);
  EXPECT_EQ(read(started), *json::parse(R"({"status":"processing","job_id":"refresh:ada",
      "repos_queued":null,"status_url":"/api/bundles/ada/status?job_id=refresh%3Aada"})"));
  EXPECT_EQ(error_of(get("/api/bundles/ada/status?job_id=refresh%3Aada")),
            "Job not found or expired");
  auto running = instance("refresh:ada", OrchestrationStatus::running);
  running.custom_status = R"({"phase":"fetch","done":1,"total":4})";
  instances.put(running);
  const auto shown = read(get("/api/bundles/ada/status?job_id=refresh%3Aada"));
  EXPECT_EQ(json::find_string(shown, "status"), "processing");
  EXPECT_EQ(*json::find(shown, "progress"),
            *json::parse(R"({"total":4,"completed":1,"percentage":25})"));
  EXPECT_EQ(get("/api/bundles/ada/status?job_id=refresh%3Abob").status, 404);
  portfolios.publish("ada", kTwoRepositories);
  EXPECT_EQ(read(post("/api/bundles/ada/refresh")),
            *json::parse(R"({"status":"cached","repos_count":2})"));
}

TEST_F(OriginalRoutes, routes_of_later_drafts_are_404_and_name_the_new_one) {
  open();
  for (const char* path : {"/api/candidate/ada", "/api/candidate/ada/profile",
                           "/api/session/candidates", "/api/github/repos/ada"}) {
    const auto response = get(path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_NE(error_of(response).find("/v1/portfolios/{login}"), std::string::npos) << path;
  }
  EXPECT_EQ(error_of(get("/nowhere")), "No such route: /nowhere");
  EXPECT_EQ(get("/api/ai").status, 405);
}

TEST_F(OriginalRoutes, an_error_of_ours_stays_in_the_log_with_the_request_id) {
  open();
  portfolios.fail_with(Error(Code::internal, "the inner reason"));
  const auto response = get("/api/bundles/ada");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(error_of(response),
            "Internal error; request id " + std::string(*response.headers.find("X-Request-Id")));
  ASSERT_EQ(sink.lines_of("gateway.request_failed").size(), 1u);
  EXPECT_NE(sink.lines_of("gateway.request_failed")[0].find("the inner reason"), std::string::npos);
}

TEST_F(OriginalRoutes, an_upstream_limit_is_503_with_retry_after_and_its_message) {
  open();
  portfolios.fail_with(Error(Code::rate_limited, "GitHub's limit ends at 12:00"));
  const auto response = post("/api/orchestrator_start", R"({"username":"ada"})");
  EXPECT_EQ(response.status, 503);
  EXPECT_TRUE(response.headers.find("Retry-After"));
  EXPECT_EQ(error_of(response), "Failed to start orchestration: GitHub's limit ends at 12:00");
}

TEST_F(OriginalRoutes, health_is_shown_and_every_answer_is_logged_with_its_tenant) {
  open();
  EXPECT_EQ(read(get("/api/health")), *json::parse(R"({"status":"healthy","ready":true})"));
  portfolios.publish("ada", "[]");
  get("/api/bundles/ada");
  const auto lines = sink.lines_of("gateway.answered");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_NE(lines[1].find(R"("username":"ada")"), std::string::npos) << lines[1];
  EXPECT_NE(lines[1].find(R"("trace_id":")"), std::string::npos);
  EXPECT_NE(lines[1].find(R"("route":"bundle")"), std::string::npos);
}

}  // namespace
}  // namespace cloudfolio::gateway

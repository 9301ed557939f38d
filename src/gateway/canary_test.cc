// Two apps side by side: an old one behind a real server, ours in front of it.

#include "gateway/canary.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "flags/definition.h"
#include "flags/rows.h"
#include "gateway/testing/gateway_fixture.h"
#include "storage/storage.h"
#include "tenancy/request_keys.h"

namespace cloudfolio::gateway {
namespace {

using namespace std::chrono_literals;

class CanaryTest : public GatewayFixture {
 protected:
  // What the old app got, and what it answers.
  void open_beside(http::ServerHandler old_app, Tokens tokens = Tokens::none) {
    old_handler = std::move(old_app);
    old_server = *http::Server::open(
        {},
        [this](http::Request& request) {
          ++old_asked;
          return old_handler(request);
        },
        clock, random, log, old_metrics);
    Gateway::Options options;
    options.flags = &reader;
    options.flag_store = &store;
    options.upstream = old_server->origin();
    options.upstream_client = client.get();
    options.request_keys = &keys;
    options.answered = [this](std::string_view, const TenantId&) { ++charged; };
    open(tokens, std::move(options));
  }
  ~CanaryTest() override {
    server.reset();
    gateway.reset();
  }
  void turn(const char* flag, const char* value) {
    ASSERT_TRUE(store.set({}, flag, *flags::share_from(value), {"ada", "test"}));
    ASSERT_TRUE(reader.refresh({}));
  }
  static http::Response from_old(http::Request&) {
    return {200, {{"X-Side", "old"}}, R"({"data":[],"side":"old"})"};
  }
  bool answered_by_old(const std::string& path) {
    return get(path).headers.find("X-Side") == "old";
  }
  http::Response start(const std::string& key, const std::string& token = {}) {
    return send({.method = http::Method::post,
                 .path = "/api/orchestrator_start",
                 .body = R"({"username":"ada","force_refresh":true})",
                 .headers = {{"Idempotency-Key", key}},
                 .token = token});
  }
  std::size_t started_here() const {
    const auto calls = portfolios.calls();
    return static_cast<std::size_t>(std::count_if(
        calls.begin(), calls.end(), [](const auto& call) { return call.starts_with("start_"); }));
  }
  json::Value report() { return read(get("/v1/admin/shadow")); }
  std::int64_t counted(const char* field) {
    const json::Value shown = report();
    const json::Value* route = json::find_path(shown, "routes.0");
    return route ? json::find_int(*route, field).value_or(-1) : -1;
  }
  std::optional<bool> counted_as(const char* field) {
    const json::Value shown = report();
    return json::find_bool(*json::find_path(shown, "routes.0"), field);
  }
  void wait_until(const std::function<bool()>& holds) {
    const auto deadline = clock.now() + 20s;
    while (!holds() && clock.now() < deadline) std::this_thread::yield();
    EXPECT_TRUE(holds());
  }

  std::unique_ptr<storage::Storage> storage = storage::open_memory(clock);
  flags::FlagStore store{**storage->table(flags::kFlagsTable), clock};
  flags::Flags reader{{}, {store, clock, log, metrics}};
  tenancy::RequestKeys keys{{}, **storage->table(tenancy::kRequestKeysTable), clock};
  telemetry::MetricRegistry old_metrics;
  http::ServerHandler old_handler;
  std::unique_ptr<http::Server> old_server;
  std::atomic<int> old_asked{0};
  std::atomic<int> charged{0};
};

TEST_F(CanaryTest, off_everything_of_the_originals_goes_to_the_old_app_and_the_rest_stays) {
  open_beside(from_old);
  portfolios.publish("ada", kTwoRepositories);
  EXPECT_TRUE(answered_by_old("/api/bundles/ada"));
  EXPECT_TRUE(answered_by_old("/api/surveys"));
  EXPECT_TRUE(answered_by_old("/runtime/webhooks/durabletask/instances/0f3c"));
  EXPECT_FALSE(answered_by_old("/v1/portfolios/ada"));
  EXPECT_FALSE(answered_by_old("/api/health"));
  EXPECT_FALSE(answered_by_old("/runtime/webhooks/durabletask/instances/refresh:ada"));
  EXPECT_FALSE(answered_by_old("/runtime/webhooks/durabletask/instances/private%3Aindex%3Aada"));
}

TEST_F(CanaryTest, a_share_divides_tenants_by_the_flags_bucket_and_nobody_alternates) {
  open_beside(from_old);
  turn(flags::kNewGateway, "30%");
  int here = 0;
  for (int number = 0; number < 60; ++number) {
    const std::string login = "dev-" + std::to_string(number);
    portfolios.publish(login, "[]");
    const bool expected_here = flags::bucket_of(flags::kNewGateway, login) < 3000;
    for (const std::string& path :
         {"/api/bundles/" + login, "/api/bundles/DEV-" + std::to_string(number),
          "/api/bundles/" + login + "/x"})
      EXPECT_EQ(answered_by_old(path), !expected_here) << path;
    const auto started = post("/api/orchestrator_start", R"({"username":")" + login + R"("})");
    EXPECT_EQ(started.headers.find("X-Side") == "old", !expected_here);
    const auto hook = post("/api/orchestrator_start",
                           R"({"repository":{"name":"x","owner":{"login":")" + login + R"("}}})");
    EXPECT_EQ(hook.headers.find("X-Side") == "old", !expected_here);
    here += expected_here;
  }
  EXPECT_GT(here, 0);
  EXPECT_LT(here, 60);
}

TEST_F(CanaryTest, turning_back_takes_one_flag) {
  open_beside(from_old);
  portfolios.publish("ada", "[]");
  turn(flags::kNewGateway, "on");
  EXPECT_FALSE(answered_by_old("/api/bundles/ada"));
  turn(flags::kNewGateway, "off");
  EXPECT_TRUE(answered_by_old("/api/bundles/ada"));
}

TEST_F(CanaryTest, a_start_sent_again_across_a_flip_has_one_effect_and_the_same_answer) {
  open_beside([this](http::Request&) {
    return http::Response{202, {}, R"({"id":"0f3c)" + std::to_string(old_asked) + R"("})"};
  });
  portfolios.publish("ada", "[]");
  for (int number = 0; number < 10; ++number) {
    const std::string key = "key-" + std::to_string(number);
    turn(flags::kNewGateway, number % 2 == 0 ? "off" : "on");
    const int old_before = old_asked;
    const std::size_t here_before = started_here();
    const auto first = start(key);
    ASSERT_EQ(first.status, 202) << first.body.view();
    for (int flip = 1; flip <= 4; ++flip) {
      turn(flags::kNewGateway, (number + flip) % 2 == 0 ? "off" : "on");
      const auto again = start(key);
      EXPECT_EQ(again.status, 202);
      EXPECT_EQ(again.headers.find("Idempotency-Replayed"), "true");
      EXPECT_EQ(again.body.view(), first.body.view());
    }
    EXPECT_EQ(old_asked - old_before, number % 2 == 0 ? 1 : 0);
    EXPECT_EQ(started_here() - here_before, number % 2 == 0 ? 0u : 1u);
  }
}

TEST_F(CanaryTest, a_start_that_the_old_app_failed_is_made_by_whoever_is_asked_next) {
  std::atomic<int> status{500};
  open_beside([&](http::Request&) { return http::Response{status, {}, "{}"}; });
  portfolios.publish("ada", "[]");
  EXPECT_EQ(start("one").status, 500);
  status = 400;  // A refusal is not kept.
  EXPECT_EQ(start("two").status, 400);
  EXPECT_EQ(start("two").status, 400);
  EXPECT_EQ(old_asked, 3);
  turn(flags::kNewGateway, "on");
  EXPECT_EQ(start("one").status, 202);
  EXPECT_EQ(start("two").status, 202);
  EXPECT_EQ(started_here(), 2u);
}

TEST_F(CanaryTest, an_answer_under_a_key_is_told_only_to_who_may_change_the_tenant) {
  open_beside(
      [](http::Request&) {
        return http::Response{202, {}, R"({"id":"0f3c"})"};
      },
      Tokens::some);
  const auto first = start("one", "ada-token");
  EXPECT_EQ(first.status, 202);
  for (const char* other : {"bob-token", "the-old-apps", ""}) {
    EXPECT_FALSE(start("one", other).headers.find("Idempotency-Replayed")) << other;
  }
  EXPECT_EQ(old_asked, 4);
  EXPECT_EQ(start("one", "ada-token").headers.find("Idempotency-Replayed"), "true");
}

TEST_F(CanaryTest, twenty_flips_under_load_fail_no_request) {
  open_beside(from_old);
  portfolios.publish("ada", kTwoRepositories);
  std::atomic<bool> over{false};
  std::atomic<int> by_old{0}, by_us{0}, failed{0};
  {
    std::vector<std::jthread> callers;
    for (int caller = 0; caller < 3; ++caller) {
      callers.emplace_back([&] {
        while (!over) {
          const auto answer = get("/api/bundles/ada");
          failed += answer.status != 200;
          ++(answer.headers.find("X-Side") == "old" ? by_old : by_us);
        }
      });
    }
    for (int flip = 1; flip <= 20; ++flip) {
      const bool here = flip % 2 == 1;
      std::atomic<int>& side = here ? by_us : by_old;
      const int before = side;
      turn(flags::kNewGateway, here ? "on" : "off");
      wait_until([&] { return side > before + 5; });
    }
    over = true;
  }
  EXPECT_EQ(failed, 0);
}

TEST_F(CanaryTest, a_request_passes_whole_but_for_what_is_one_connections) {
  http::Request seen;
  open_beside([&](http::Request& request) {
    seen = request;
    return http::Response{
        207, {{"X-Answer", "a"}, {"Keep-Alive", "9"}}, std::string(3'000'000, 'z')};
  });
  const auto answer = send({.method = http::Method::put,
                            .path = "/api/any%20thing?x=1&y=%2F",
                            .body = std::string(500'000, 'b'),
                            .headers = {{"X-Kept", "yes"},
                                        {"Connection", "X-Hop"},
                                        {"X-Hop", "no"},
                                        {"X-Forwarded-For", "10.0.0.1"}}});
  EXPECT_EQ(answer.status, 207);
  EXPECT_EQ(answer.body.size_bytes(), 3'000'000u);
  EXPECT_EQ(answer.headers.find("X-Answer"), "a");
  EXPECT_FALSE(answer.headers.find("Keep-Alive"));
  EXPECT_EQ(seen.method, http::Method::put);
  EXPECT_EQ(seen.target, "/api/any%20thing?x=1&y=%2F");
  EXPECT_EQ(seen.body.size(), 500'000u);
  EXPECT_EQ(seen.headers.find("X-Kept"), "yes");
  EXPECT_FALSE(seen.headers.find("X-Hop"));
  EXPECT_EQ(seen.headers.find("X-Forwarded-For"), "10.0.0.1, 127.0.0.1");
  EXPECT_EQ(seen.headers.find("X-Forwarded-Host"), "127.0.0.1:" + std::to_string(server->port()));
}

TEST_F(CanaryTest, a_token_of_ours_stays_here_and_another_goes_on) {
  std::vector<std::string> seen;
  open_beside(
      [&](http::Request& request) {
        seen.emplace_back(request.headers.find("Authorization").value_or("none"));
        return http::Response{};
      },
      Tokens::some);
  get("/api/bundles/ada", "ada-token");
  get("/api/bundles/ada", "the-old-apps");
  EXPECT_EQ(seen, (std::vector<std::string>{"none", "Bearer the-old-apps"}));
}

TEST_F(CanaryTest, an_old_app_that_is_gone_or_slow_is_said_and_charged_to_its_side) {
  open_beside(from_old);
  old_server.reset();
  const auto answer = get("/api/bundles/ada");
  EXPECT_EQ(answer.status, 502);
  EXPECT_NE(error_of(answer).find("The old app gave no answer; request id"), std::string::npos);
  EXPECT_EQ(metric("cloudfolio_gateway_canary_total{side=\"upstream\",outcome=\"failed\"}"), 1);
}

TEST_F(CanaryTest, without_tokens_a_page_of_another_site_does_not_reach_the_old_app) {
  open_beside(from_old);
  const auto answer = send({.method = http::Method::post,
                            .path = "/api/orchestrator_start",
                            .body = "{}",
                            .headers = {{"Origin", "https://evil.example"}}});
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(old_asked, 0);
}

TEST_F(CanaryTest, equal_answers_are_counted_with_their_coverage_and_noise_and_nothing_is_charged) {
  std::string same;
  open_beside([&](http::Request&) { return http::Response{200, {}, same}; });
  portfolios.publish("ada", kTwoRepositories);
  turn(flags::kNewGateway, "on");
  json::Value body = read(get("/api/bundles/ada"));
  body.as_object()["last_modified"] = "another moment";
  same = json::write(body);
  turn(flags::kShadow, "on");
  const auto calls = portfolios.calls().size();
  for (int i = 0; i < 40; ++i) get("/api/bundles/ada");
  post("/api/orchestrator_start", R"({"username":"ada"})");
  EXPECT_EQ(charged, 42) << "what callers asked for, and none of the comparisons";
  wait_until([&] { return counted("compared") == 40; });
  wait_until([&] { return counted("again_compared") == 4; });
  EXPECT_EQ(counted("different"), 0);
  EXPECT_EQ(old_asked, 40) << "reads only";
  const json::Value shown = report();
  const json::Value& route = *json::find_path(shown, "routes.0");
  EXPECT_EQ(json::find_number(route, "coverage"), 1.0);
  EXPECT_EQ(json::find_number(route, "noise"), 0.0);
  EXPECT_EQ(json::find_bool(route, "promotable"), true);
  EXPECT_EQ(json::find_int(*json::find(shown, "rules"), "times"), 40);
  EXPECT_EQ(portfolios.calls().size(), calls + 1) << "the one start that a caller asked for";
}

TEST_F(CanaryTest, a_difference_is_logged_with_its_place) {
  open_beside([](http::Request&) { return http::Response{200, {}, R"({"data":[{"stars":1}]})"}; });
  turn(flags::kShadow, "on");
  portfolios.publish("ada", kTwoRepositories);
  get("/api/bundles/ada");  // The old app answers, ours is asked beside it.
  wait_until([&] { return counted("different") == 1; });
  const auto lines = sink.lines_of("shadow.different");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find(R"("where":")"), std::string::npos) << lines[0];
  EXPECT_EQ(counted_as("promotable"), false);
}

TEST_F(CanaryTest, a_hung_candidate_delays_nobody_and_the_oldest_questions_are_dropped) {
  // The candidate's threads outlive this function: the fixture ends them.
  const auto hangs = std::make_shared<std::atomic<bool>>(true);
  open_beside([hangs](http::Request& request) {
    while (*hangs && !request.context.stopped()) std::this_thread::sleep_for(1ms);
    return http::Response{};
  });
  portfolios.publish("ada", kTwoRepositories);
  turn(flags::kNewGateway, "on");
  turn(flags::kShadow, "on");
  for (int i = 0; i < 300; ++i) ASSERT_EQ(get("/api/bundles/ada").status, 200);
  EXPECT_LE(old_asked, 2) << "the shadow's threads, and nobody else, wait";
  EXPECT_EQ(counted("eligible"), 300);
  EXPECT_GE(counted("dropped"), 300 - 256 - 2);
  EXPECT_EQ(counted_as("promotable"), false);
  *hangs = false;
}

}  // namespace
}  // namespace cloudfolio::gateway

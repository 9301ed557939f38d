// Starts made again with the same Idempotency-Key, over HTTP.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "gateway/testing/gateway_fixture.h"
#include "storage/storage.h"
#include "storage/testing/failing.h"
#include "tenancy/request_keys.h"

namespace cloudfolio::gateway {
namespace {

using http::Method;
using tenancy::RequestKeys;

constexpr char kRefresh[] = "/v1/portfolios/ada/refresh";

class Once : public GatewayFixture {
 protected:
  void open_with_keys(RequestKeys& with, Tokens tokens = Tokens::none) {
    Gateway::Options options;
    options.request_keys = &with;
    open(tokens, std::move(options));
  }
  http::Response start(const std::string& path, const std::string& key,
                       const std::string& body = "", const std::string& token = "") {
    http::Headers headers;
    headers.set("Idempotency-Key", key);
    return send({.method = Method::post,
                 .path = path,
                 .body = body,
                 .headers = std::move(headers),
                 .token = token});
  }
  static bool is_replay(const http::Response& response) {
    return response.headers.find("Idempotency-Replayed") == "true";
  }
  std::size_t starts() const {
    const auto calls = portfolios.calls();
    return static_cast<std::size_t>(std::count_if(
        calls.begin(), calls.end(), [](const auto& call) { return call.starts_with("start_"); }));
  }

  ManualClock time;  // The keys'; the server has its own.
  std::unique_ptr<storage::Storage> store = storage::open_memory(time);
  storage::Table& table = **store->table(tenancy::kRequestKeysTable);
  RequestKeys keys{{}, table, time};
};

TEST_F(Once, every_start_is_made_once_and_answered_alike) {
  portfolios.publish("ada", kTwoRepositories);
  open_with_keys(keys);
  instances.put(instance("refresh:bob", durable::OrchestrationStatus::completed));
  const std::pair<std::string, std::string> kStarts[] = {
      {kRefresh, R"({"force":true})"},
      {"/v1/portfolios/ada/train", R"({"max_steps":5})"},
      {"/api/orchestrator_start", R"({"username":"ada","force_refresh":true})"},
      {"/api/orchestrator_start", R"({"repository":{"name":"x","owner":{"login":"ada"}}})"},
      {"/api/bundles/ada/refresh", R"({"force_refresh":true})"},
      {"/runtime/webhooks/durabletask/instances/refresh:bob/restart", ""}};
  int number = 0;
  for (const auto& [path, body] : kStarts) {
    const std::string key = "key-" + std::to_string(++number);
    const auto first = start(path, key, body);
    ASSERT_EQ(first.status, 202) << path << " " << first.body.view();
    EXPECT_FALSE(is_replay(first)) << path;
    const std::size_t made = starts() + instances.calls.size();
    const auto second = start(path, key, body);
    EXPECT_EQ(second.status, 202) << path;
    EXPECT_TRUE(is_replay(second)) << path;
    EXPECT_EQ(second.body.view(), first.body.view()) << path;
    EXPECT_EQ(second.headers.find("Location"), first.headers.find("Location")) << path;
    EXPECT_EQ(starts() + instances.calls.size(), made) << path;
  }
}

TEST_F(Once, without_a_key_every_post_starts) {
  open_with_keys(keys);
  post(kRefresh);
  post(kRefresh);
  EXPECT_EQ(starts(), 2u);
}

TEST_F(Once, another_body_under_the_key_is_422) {
  open_with_keys(keys);
  ASSERT_EQ(start(kRefresh, "k", R"({"force":true})").status, 202);
  const auto other = start(kRefresh, "k", R"({"force":false})");
  EXPECT_EQ(other.status, 422);
  EXPECT_EQ(v1_error_of(other),
            "invalid_argument: this Idempotency-Key was used for another request; use a new one "
            "for each");
  EXPECT_EQ(start("/v1/portfolios/ada/train", "k").status, 422);
  EXPECT_EQ(starts(), 1u);
  EXPECT_EQ(start(kRefresh, "not a key").status, 400);
}

TEST_F(Once, a_hundred_at_once_are_one_job) {
  open_with_keys(keys);
  std::atomic<int> answered = 0, told_to_wait = 0, other = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 100; ++i)
    threads.emplace_back([&] {
      const auto response = start(kRefresh, "k");
      ++(response.status == 202 ? answered : response.status == 409 ? told_to_wait : other);
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(starts(), 1u);
  EXPECT_GE(answered, 1);
  EXPECT_EQ(other, 0);
  EXPECT_EQ(answered + told_to_wait, 100);
}

TEST_F(Once, another_tenants_key_is_another_and_rights_come_first) {
  open_with_keys(keys, Tokens::some);
  EXPECT_EQ(start(kRefresh, "k", "", "ada-token").status, 202);
  EXPECT_EQ(start(kRefresh, "k", "", "bob-token").status, 403);
  EXPECT_EQ(start(kRefresh, "k").status, 401);
  const auto bobs = start("/v1/portfolios/bob/refresh", "k", "", "bob-token");
  EXPECT_EQ(bobs.status, 202);
  EXPECT_FALSE(is_replay(bobs));
}

TEST_F(Once, a_refusal_is_not_kept) {
  portfolios.fail_with(Error(Code::quota_exceeded, "no more"));
  open_with_keys(keys);
  EXPECT_EQ(start(kRefresh, "k").status, 429);
  EXPECT_EQ(start(kRefresh, "k").status, 429);
  EXPECT_EQ(starts(), 2u);
  EXPECT_TRUE(table.query({}, {})->entities.empty());
}

TEST_F(Once, what_may_have_started_is_looked_for_by_the_next_attempt) {
  portfolios.fail_with(Error(Code::deadline_exceeded, "no answer"));
  open_with_keys(keys);
  EXPECT_EQ(start(kRefresh, "k").status, 504);
  EXPECT_FALSE(portfolios.last_mark().began_after);
  EXPECT_EQ(start(kRefresh, "k").status, 504);
  EXPECT_EQ(portfolios.last_mark().began_after, time.wall_time());
  EXPECT_EQ(start(kRefresh, "k", R"({"force":true})").status, 422);
}

// The work is done, and the process dies before it can say so: calls 1 to 3 are find, room, claim.
TEST_F(Once, after_a_crash_between_effect_and_answer_the_retry_knows) {
  storage::Faults faults({.call = 4, .then = storage::Fault::Then::fails});
  storage::FailingTable failing(table, faults);
  RequestKeys dying({}, failing, time);
  open_with_keys(dying);
  EXPECT_EQ(start(kRefresh, "k").status, 202);
  ASSERT_TRUE(faults.happened());
  EXPECT_EQ(start(kRefresh, "k").status, 503);
  server.reset();
  gateway.reset();
  const auto made_at = time.wall_time();
  open_with_keys(keys);
  const auto early = start(kRefresh, "k");
  EXPECT_EQ(early.status, 409);
  const auto wait = early.headers.find("Retry-After");
  ASSERT_TRUE(wait);
  time.advance(std::chrono::seconds(std::stoi(std::string(*wait))));
  EXPECT_EQ(start(kRefresh, "k").status, 202);
  EXPECT_EQ(portfolios.last_mark().began_after, made_at);
  EXPECT_TRUE(is_replay(start(kRefresh, "k")));
}

}  // namespace
}  // namespace cloudfolio::gateway

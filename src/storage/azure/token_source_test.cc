#include "storage/azure/token_source.h"

#include <atomic>
#include <fstream>
#include <thread>

#include "base/guarded.h"
#include "http/testing/server_fixture.h"
#include "http/url.h"

namespace cloudfolio::storage::azure {
namespace {

using namespace std::chrono_literals;

class TokenSourceTest : public http::ServerFixture {
 protected:
  // Answers with these, one after the other, the last one again and again.
  void answer_with(std::vector<http::Response> responses) {
    serve({}, [this, responses](http::Request& request) {
      auto seen = requests.lock();
      seen->push_back(request);
      return responses[std::min(seen->size(), responses.size()) - 1];
    });
  }
  Result<Token> fetch(const EntraTokens& options) {
    const TokenRetries quick{.pause_first = 1ms, .gone_pause = 1ms};
    return make_token_source(options, *client, clock, quick)->fetch({});
  }
  std::size_t request_count() { return requests.lock()->size(); }

  Guarded<std::vector<http::Request>> requests;
};

const http::Response kToken{
    .body = R"({"access_token":"t1","expires_in":"3599","token_type":"Bearer"})"};

TEST_F(TokenSourceTest, a_workload_identity_shows_its_own_token) {
  answer_with({kToken});
  std::ofstream(folder / "assertion") << "header.claims.signature\n";
  const auto token = fetch({.client_id = "client",
                            .tenant_id = "tenant",
                            .federated_token_file = folder / "assertion",
                            .authority = url("/"),
                            .identity_endpoint = url("/not-this")});
  ASSERT_TRUE(token) << token.error().message();
  EXPECT_EQ(token->text.reveal(), "t1");
  EXPECT_EQ(token->lifetime, 3599s);
  const http::Request seen = requests.lock()->front();
  EXPECT_EQ(seen.method, http::Method::post);
  EXPECT_EQ(seen.path, "/tenant/oauth2/v2.0/token");
  const auto form = http::parse_query(seen.body);
  EXPECT_EQ(form, (http::QueryParameters{{"client_id", "client"},
                                         {"scope", "https://storage.azure.com/.default"},
                                         {"grant_type", "client_credentials"},
                                         {"client_assertion_type",
                                          "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
                                         {"client_assertion", "header.claims.signature"}}));
}

TEST_F(TokenSourceTest, functions_ask_their_own_endpoint) {
  answer_with({kToken});
  ASSERT_TRUE(fetch({.client_id = "client",
                     .identity_endpoint = url("/msi/token"),
                     .identity_header = Secret("secret header")}));
  const http::Request seen = requests.lock()->front();
  EXPECT_EQ(seen.target,
            "/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fstorage.azure.com&"
            "client_id=client");
  EXPECT_EQ(seen.headers.find("X-IDENTITY-HEADER"), "secret header");
}

TEST_F(TokenSourceTest, a_machine_asks_its_metadata_service) {
  const auto end = std::chrono::floor<std::chrono::seconds>(clock.wall_time() + 1h);
  answer_with({{.body = R"({"access_token":"t2","expires_on":")" +
                        std::to_string(end.time_since_epoch().count()) + "\"}"}});
  const auto token = fetch({.metadata_url = url("")});
  ASSERT_TRUE(token) << token.error().message();
  EXPECT_GT(token->lifetime, 59min);
  EXPECT_LE(token->lifetime, 1h);
  const http::Request seen = requests.lock()->front();
  EXPECT_EQ(seen.target,
            "/metadata/identity/oauth2/token?api-version=2018-02-01&"
            "resource=https%3A%2F%2Fstorage.azure.com");
  EXPECT_EQ(seen.headers.find("Metadata"), "true");
}

TEST_F(TokenSourceTest, what_may_pass_is_asked_again) {
  answer_with({{.status = 404}, {.status = 429}, {.status = 503}, kToken});
  EXPECT_TRUE(fetch({.metadata_url = url("")}));
  EXPECT_EQ(request_count(), 4u);
}

TEST_F(TokenSourceTest, an_endpoint_that_is_being_updated_gets_more_time) {
  answer_with({{.status = 410},
               {.status = 410},
               {.status = 410},
               {.status = 410},
               {.status = 410},
               {.status = 410},
               {.status = 410},
               kToken});
  EXPECT_TRUE(fetch({.metadata_url = url("")}));
}

TEST_F(TokenSourceTest, a_refusal_is_final_and_says_why) {
  answer_with(
      {{.status = 400,
        .body = R"({"error":"invalid_request","error_description":"Identity not found\nx"})"}});
  const auto token = fetch({.metadata_url = url("")});
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code(), Code::unauthenticated);
  EXPECT_NE(token.error().message().find("400 invalid_request: Identity not found"),
            std::string::npos)
      << token.error().message();
  EXPECT_EQ(request_count(), 1u);
}

TEST_F(TokenSourceTest, an_endpoint_that_stays_down_is_unavailable) {
  answer_with({{.status = 500}});
  EXPECT_EQ(fetch({.metadata_url = url("")}).error().code(), Code::unavailable);
  EXPECT_EQ(request_count(), 4u);
}

TEST_F(TokenSourceTest, an_answer_that_is_no_token_is_corrupt) {
  for (const char* body :
       {"<html>", "{}", R"({"access_token":"t"})", R"({"access_token":"t","expires_in":"soon"})"}) {
    answer_with({{.body = body}});
    EXPECT_EQ(fetch({.metadata_url = url("")}).error().code(), Code::corrupt) << body;
    server.reset();
    requests.lock()->clear();
  }
}

TEST_F(TokenSourceTest, a_missing_token_file_is_named) {
  const auto token = fetch(
      {.client_id = "client", .tenant_id = "tenant", .federated_token_file = folder / "none"});
  ASSERT_FALSE(token);
  EXPECT_NE(token.error().message().find((folder / "none").string()), std::string::npos);
}

// Gives out "1", "2", …, or fails.
class CountingSource final : public TokenSource {
 public:
  explicit CountingSource(std::atomic<int>& count, std::atomic<bool>& down)
      : count_(count), down_(down) {}
  Result<Token> fetch(const Context&) override {
    const int number = ++count_;
    if (down_) return Error(Code::unavailable, "down");
    return Token{Secret(std::to_string(number)), 3'600s};
  }

 private:
  std::atomic<int>& count_;
  std::atomic<bool>& down_;
};

class TokenCacheTest : public testing::Test {
 protected:
  std::string get() {
    const auto token = cache.get({});
    return token ? token->reveal() : std::string(to_string(token.error().code()));
  }
  ManualClock clock;
  std::atomic<int> fetched = 0;
  std::atomic<bool> down = false;
  TokenCache cache{std::make_unique<CountingSource>(fetched, down), clock};
};

TEST_F(TokenCacheTest, a_token_serves_until_shortly_before_its_end) {
  EXPECT_EQ(get(), "1");
  clock.advance(54min);
  EXPECT_EQ(get(), "1");
  clock.advance(2min);
  EXPECT_EQ(get(), "2");
}

TEST_F(TokenCacheTest, a_failed_renewal_keeps_the_old_token_while_it_is_good) {
  EXPECT_EQ(get(), "1");
  down = true;
  clock.advance(56min);
  EXPECT_EQ(get(), "1");
  EXPECT_EQ(get(), "1");
  EXPECT_EQ(fetched, 2) << "not asked again at once";
  clock.advance(31s);
  EXPECT_EQ(get(), "1");
  EXPECT_EQ(fetched, 3);
  clock.advance(5min);
  EXPECT_EQ(get(), "unavailable");
  down = false;
  EXPECT_EQ(get(), "5");
}

TEST_F(TokenCacheTest, a_token_that_was_refused_is_not_shown_again) {
  EXPECT_EQ(get(), "1");
  cache.forget();
  EXPECT_EQ(get(), "2");
}

TEST_F(TokenCacheTest, threads_share_one_fetch) {
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { right += get() == "1"; });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 8);
  EXPECT_EQ(fetched, 1);
}

}  // namespace
}  // namespace cloudfolio::storage::azure

#pragma once
// A gateway over in-memory portfolios, behind a real server on loopback.

#include <optional>
#include <string>

#include "crypto/hash.h"
#include "gateway/gateway.h"
#include "gateway/testing/fake_portfolios.h"
#include "http/testing/server_fixture.h"
#include "json/json.h"

namespace cloudfolio::gateway {

inline constexpr char kTwoRepositories[] =
    R"([{"name":"alpha","fingerprint":"a1","stars":1},{"name":"beta","fingerprint":"b2"}])";

class GatewayFixture : public http::ServerFixture {
 protected:
  // Tokens "ada-token", "bob-token" (tenants) and "root-token" (operator).
  enum class Tokens { none, some };

  void open(Tokens tokens = Tokens::none, Gateway::Options options = {}) {
    std::vector<tenancy::TokenEntry> entries;
    if (tokens == Tokens::some) {
      entries.push_back({crypto::sha256_hex("ada-token"), "ada"});
      entries.push_back({crypto::sha256_hex("bob-token"), "bob"});
      entries.push_back(
          {crypto::sha256_hex("root-token"), "", tenancy::TokenEntry::Speaks::for_operator});
    }
    auto table = tenancy::TokenTable::parse(entries);
    ASSERT_TRUE(table) << table.error().message();
    gateway.emplace(std::move(options), portfolios, instances, *std::move(table), clock, log,
                    metrics);
    http::Server::Options serving;
    serving.route_names = gateway->route_names();
    serve(std::move(serving), [this](http::Request& request) { return gateway->answer(request); });
  }
  ~GatewayFixture() override { server.reset(); }

  struct Sent {
    http::Method method = http::Method::get;
    std::string path = {};
    std::string body = {};
    http::Headers headers = {};
    std::string token = {};
  };
  http::Response send(Sent what) {
    http::ClientRequest request;
    request.method = what.method;
    request.url = url(what.path);
    request.body = what.body;
    request.headers = what.headers;
    if (!what.token.empty()) request.headers.set("Authorization", "Bearer " + what.token);
    auto response = client->send({}, request);
    EXPECT_TRUE(response) << response.error().message();
    return response ? *std::move(response) : http::Response{0, {}, {}};
  }
  http::Response get(std::string path, std::string token = {}) {
    return send({.path = std::move(path), .token = std::move(token)});
  }
  http::Response post(std::string path, std::string body = {}, std::string token = {}) {
    return send({.method = http::Method::post,
                 .path = std::move(path),
                 .body = std::move(body),
                 .token = std::move(token)});
  }
  static json::Value read(const http::Response& response) {
    auto value = json::parse(response.body.view());
    EXPECT_TRUE(value) << response.body.view();
    return value ? *std::move(value) : json::Value();
  }
  static std::string error_of(const http::Response& response) {
    return std::string(json::find_string(read(response), "error").value_or("(no error)"));
  }
  // Of /v1: "not_found: message".
  static std::string v1_error_of(const http::Response& response) {
    const json::Value body = read(response);
    const json::Object* error = json::find_object(body, "error");
    if (!error) return "(no error)";
    return std::string(json::find_string(*error, "code").value_or("")) + ": " +
           std::string(json::find_string(*error, "message").value_or(""));
  }
  durable::OrchestrationState instance(std::string id, durable::OrchestrationStatus status) {
    durable::OrchestrationState state;
    state.instance = InstanceId(std::move(id));
    state.name = "refresh_portfolio";
    state.status = status;
    state.created = state.updated = clock.wall_time();
    return state;
  }

  FakePortfolios portfolios;
  FakeInstances instances;
  std::optional<Gateway> gateway;
};

}  // namespace cloudfolio::gateway

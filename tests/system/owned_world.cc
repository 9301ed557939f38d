#include "owned_world.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "crypto/hash.h"

namespace cloudfolio::system_test {
namespace {

using http::Method;

constexpr std::chrono::seconds kLongest{60};

json::Object token_of(const std::string& text, json::Object whose) {
  whose["sha256"] = crypto::sha256_hex(text);
  return whose;
}

}  // namespace

void OwnedWorld::write_repository(const json::Object& repository) {
  const auto folder =
      folder_.path() / "corpus" / std::string(*json::find_string(repository, "owner"));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / (std::string(*json::find_string(repository, "name")) + ".json"))
      << json::write(repository);
}

void OwnedWorld::open(const std::map<std::string, std::string>& environment) {
  std::vector<std::string> known;
  json::Array tokens{token_of(kOperatorToken, {{"operator", true}})};
  for (const std::string& login : logins_) {
    const std::string token = login + "-token";
    known.insert(known.end(), {"--token", token + "=" + login});
    tokens.push_back(token_of(token, {{"tenant", login}}));
  }
  github = std::make_unique<Simulator>(folder_.path() / "corpus", known);
  installation = std::make_unique<Installation>(github->url());
  const std::filesystem::path config = folder_.path() / "config.json";
  std::ofstream(config) << json::write(json::Object{{"auth.tokens", std::move(tokens)}});
  installation->environment["CLOUDFOLIO_CONFIG"] = config.string();
  installation->environment["GITHUB_TOKEN"] = logins_.front() + "-token";
  for (const auto& [name, value] : environment) installation->environment[name] = value;
  installation->serve();
}

http::Headers OwnedWorld::headers(const std::string& token) {
  http::Headers headers;
  if (!token.empty()) headers.set("Authorization", "Bearer " + token);
  return headers;
}

Answer OwnedWorld::get(const std::string& path, const std::string& token) {
  return call(Method::get, installation->url() + path, "", headers(token));
}

Answer OwnedWorld::post(const std::string& path, const std::string& body,
                        const std::string& token) {
  return call(Method::post, installation->url() + path, body, headers(token));
}

std::string OwnedWorld::refresh(const std::string& login, const std::string& token) {
  const Answer started = post("/v1/portfolios/" + login + "/refresh", "{}", token);
  EXPECT_EQ(started.status, 202) << started.text;
  const std::string status = ended("refresh:" + login);
  ended("index:" + login);
  ended("private:index:" + login);
  return status;
}

std::string OwnedWorld::ended(const std::string& instance) {
  const std::string path = "/runtime/webhooks/durabletask/instances/" + instance;
  const auto until = std::chrono::steady_clock::now() + kLongest;
  while (std::chrono::steady_clock::now() < until) {
    const Answer answer = get(path + "?showOutput=false", kOperatorToken);
    if (answer.status != 202) return answer.status == 200 ? text(answer.body, "runtimeStatus") : "";
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return "still running";
}

}  // namespace cloudfolio::system_test

#include <cstdio>

#include "http/client.h"
#include "json/json.h"
#include "main/commands.h"
#include "roles/store_lock.h"

#ifndef CLOUDFOLIO_VERSION
#error "the build says the version"
#endif

namespace cloudfolio::main {

Status run_command(const Invocation& invocation, const VersionCommand&) {
  if (invocation.output == Output::json) {
    std::printf("{\"version\":\"%s\"}\n", CLOUDFOLIO_VERSION);
  } else {
    std::printf("cloudfolio %s\n", CLOUDFOLIO_VERSION);
  }
  return Done{};
}

namespace {

// Longer than that is not ready either.
constexpr std::chrono::seconds kHealthLongest{5};

Result<std::string> server_of(const Invocation& invocation) {
  using roles::StoreLock;
  for (const auto what : {StoreLock::Of::gateway, StoreLock::Of::orchestrations}) {
    const auto owner = StoreLock::read_owner(invocation.config.data, what);
    if (owner && !owner->url.empty()) return owner->url;
  }
  return Error(Code::unavailable,
               "no server runs over '" + invocation.config.data + "'; name one with --url");
}

}  // namespace

Status run_command(const Invocation& invocation, const HealthCommand& command) {
  std::string url = command.url;
  if (url.empty()) {
    CF_TRY(url, server_of(invocation));
  }
  CF_TRY(const auto client, http::open_client({}, invocation.clock));
  http::ClientRequest request;
  request.url = url + "/v1/health/ready";
  request.timeout = kHealthLongest;
  CF_TRY(const auto answer, client->send(Context(), request));
  const bool ready = answer.status == 200;
  if (invocation.output == Output::json)
    std::printf("%s\n", json::write({{"url", url}, {"ready", ready}}).c_str());
  else
    std::printf("%s is %s\n", url.c_str(), ready ? "ready" : "not ready");
  return ready ? Status(Done{}) : Status(Error(Code::unavailable, ""));
}

}  // namespace cloudfolio::main

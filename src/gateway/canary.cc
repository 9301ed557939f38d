#include "gateway/canary.h"

#include <optional>
#include <utility>

#include "flags/definition.h"
#include "gateway/caller.h"
#include "gateway/once.h"
#include "gateway/route_table.h"
#include "http/json_response.h"
#include "telemetry/log.h"

namespace cloudfolio::gateway {
namespace {

flags::Outcome outcome_of_status(int status) {
  if (status >= 500) return flags::Outcome::failed;
  return status >= 400 ? flags::Outcome::not_counted : flags::Outcome::worked;
}

// The old app's failure as the caller sees it.
http::Response upstream_failed(const Error& error, const http::Request& request) {
  const bool late = error.code() == Code::deadline_exceeded;
  http::Response response = http::error_response(
      late ? 504 : 502, late
                            ? "The old app did not answer in time; request id " + request.request_id
                            : "The old app gave no answer; request id " + request.request_id);
  response.headers.set("Cache-Control", "no-store");
  return response;
}

}  // namespace

Canary::Canary(const std::string& upstream, http::Client& client, Parts parts,
               Shadow::Options shadow)
    : parts_(std::move(parts)),
      upstream_(upstream, client),
      answered_(parts_.metrics.counters(
          "cloudfolio_gateway_canary_total", "Requests of the original's routes, by who answered.",
          {{"side", {"here", "upstream"}}, {"outcome", {"worked", "refused", "failed"}}})),
      shadow_(shadow, {"bundle", "repository"}, parts_.clock, parts_.log, parts_.metrics) {}

http::Response Canary::answer(http::Request& request) {
  const Ownership owner = ownership_of(request);
  if (owner.only_here) return parts_.own(request);
  const auto principal = caller_of(request, parts_.tokens, parts_.public_url);
  // Without tokens a web page must not reach the old app through a visitor's browser either.
  if (!principal && parts_.tokens.empty())
    return error_answer(principal.error(), Style::original, request.request_id);
  const bool ours = principal && !std::holds_alternative<tenancy::Anonymous>(*principal);
  const auto credentials = ours ? Upstream::Credentials::withhold : Upstream::Credentials::pass;

  const flags::Decision decision = parts_.flags.decide(flags::kNewGateway, owner.tenant);
  const Side side = decision.value ? Side::here : Side::upstream;
  const bool compares = owner.reads && parts_.flags.is_on(flags::kShadow, owner.tenant);
  std::optional<http::Request> asked;
  if (compares) asked = request;  // Before a router writes into it.
  // What was answered under a key is told only to who may change the tenant.
  const bool by_key = owner.starts && !owner.tenant.empty() &&
                      parts_.services.options.request_keys &&
                      request.headers.find("Idempotency-Key") && principal &&
                      check_may_change(*principal, owner.tenant);
  http::Response response = side == Side::here ? parts_.own(request)
                            : by_key           ? start_upstream(request, owner.tenant, credentials)
                                               : answer_upstream(request, credentials);
  parts_.flags.record(decision, owner.tenant, outcome_of_status(response.status));
  const std::string_view outcome = response.status >= 500   ? "failed"
                                   : response.status >= 400 ? "refused"
                                                            : "worked";
  answered_.with({side == Side::here ? "here" : "upstream", outcome}).add();
  if (asked && response.status < 500) compare(side, owner, *asked, response, credentials);
  return response;
}

http::Response Canary::answer_upstream(http::Request& request, Upstream::Credentials credentials) {
  request.route = kUpstreamRoute;
  auto answer = upstream_.ask(request.context, request, credentials);
  return answer ? *std::move(answer) : failed(answer.error(), request);
}

http::Response Canary::start_upstream(http::Request& request, const TenantId& tenant,
                                      Upstream::Credentials credentials) {
  request.route = kUpstreamRoute;
  bool asked = false;
  auto answer = once_elsewhere(parts_.services, request, tenant, [&] {
    asked = true;
    return upstream_.ask(request.context, request, credentials);
  });
  if (answer) return *std::move(answer);
  if (asked) return failed(answer.error(), request);
  return error_answer(answer.error(), Style::original, request.request_id);
}

http::Response Canary::failed(const Error& error, const http::Request& request) {
  parts_.log.warn(request.context, "gateway.upstream_failed",
                  {{"request_id", request.request_id}, {"error", error}});
  return upstream_failed(error, request);
}

void Canary::compare(Side answered, const Ownership& owner, const http::Request& asked,
                     http::Response& response, Upstream::Credentials credentials) {
  Shadow::Question question;
  question.request = asked;
  question.request.route = owner.route;
  // A conditional request could be answered 304 on one side only, a packed body not be read.
  for (const char* name : {"If-None-Match", "If-Modified-Since", "Accept-Encoding", "Range"})
    question.request.headers.remove(name);
  if (response.status != 200 || response.headers.find("Content-Encoding")) return;
  response.body.share();
  question.answer = http::Response{response.status, {}, response.body};
  const Shadow::Ask here = [this](const Context&, http::Request& request) {
    return Result<http::Response>(parts_.own_unseen(request));
  };
  const Shadow::Ask there = [this, credentials](const Context& ctx, http::Request& request) {
    return upstream_.ask(ctx, request, credentials);
  };
  question.candidate = answered == Side::here ? there : here;
  question.again = answered == Side::here ? here : there;
  shadow_.offer(std::move(question));
}

}  // namespace cloudfolio::gateway

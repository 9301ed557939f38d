#include "simulator/gate.h"

#include "base/time_text.h"
#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "simulator/rest.h"

namespace cloudfolio::simulator {
namespace {

using http::Request;
using http::Response;

constexpr std::string_view kLimitsPage =
    "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api";

Response html_error(int status, const std::string& title) {
  return {status,
          {{"Content-Type", "text/html; charset=utf-8"}},
          "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
              "</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"};
}

Response graph_error(json::Object error) {
  return rest_json(200, json::Object{{"data", nullptr}, {"errors", json::Array{std::move(error)}}});
}

}  // namespace

Caller Gate::caller_of(const Request& request) const {
  Caller caller;
  const std::string header(request.headers.find("Authorization").value_or(""));
  const auto space = header.find(' ');
  if (space == std::string::npos) return caller;
  const std::string scheme = folded(header.substr(0, space));
  if (scheme != "bearer" && scheme != "token") return caller;
  caller.token = header.substr(space + 1);
  constexpr std::string_view kPublicOnly = ":public";
  const auto known = tokens_.find(caller.token);
  if (known != tokens_.end())
    caller.login = known->second;
  else if (tokens_.empty() && !default_login_.empty())
    caller.login = default_login_;
  if (!caller.login) return caller;
  const auto blind = faults_.peek("public-only");
  caller.sees_private = !caller.login->ends_with(kPublicOnly) &&
                        !(blind && (blind->empty() || *blind == caller.token));
  if (caller.login->ends_with(kPublicOnly))
    caller.login->resize(caller.login->size() - kPublicOnly.size());
  return caller;
}

std::optional<Response> Gate::failing(const std::string& resource) {
  const bool graph = resource == "graphql";
  if (faults_.take("bad-gateway")) return html_error(502, "502 Bad Gateway");
  if (graph && faults_.take("graphql-down")) return html_error(502, "502 Bad Gateway");
  if (faults_.take("service-unavailable")) return rest_error(503, "Service unavailable");
  if (faults_.take("gateway-timeout"))
    return rest_error(504, "We couldn't respond to your request in time. Sorry about that.");
  if (graph && faults_.take("something-went-wrong"))
    return graph_error(
        {{"message",
          "Something went wrong while executing your query. This may be the result of "
          "a timeout, or it could be a GitHub bug. Please include `0000:0000` when "
          "reporting this issue."}});
  if (faults_.take("saml")) {
    Response response = rest_error(
        403,
        "Resource protected by organization SAML enforcement. You must grant your Personal Access "
        "token access to this organization.");
    response.headers.set("X-GitHub-SSO", "required; url=https://github.com/orgs/simulated/sso");
    return response;
  }
  if (faults_.take("missing-scope"))
    return rest_error(403, "Resource not accessible by personal access token");
  return std::nullopt;
}

Response Gate::secondary(std::optional<std::int64_t> retry_after) {
  const std::string message =
      "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
  Response response =
      rest_error(403, message, std::string(kLimitsPage) + "#about-secondary-rate-limits");
  if (retry_after) response.headers.set("Retry-After", std::to_string(*retry_after));
  return response;
}

std::optional<Response> Gate::limited(const Caller& caller, const std::string& resource) {
  const Clock::WallTime now = clock_.wall_time();
  if (secondary_until_ && now < *secondary_until_) {
    ++while_limited_count_;
    const auto left = std::chrono::ceil<std::chrono::seconds>(*secondary_until_ - now);
    return secondary(left.count());
  }
  secondary_until_.reset();
  if (const auto seconds = faults_.peek_number("secondary-limit")) {
    faults_.take("secondary-limit");
    secondary_until_ = now + std::chrono::seconds(*seconds);
    return secondary(*seconds);
  }
  if (faults_.take("secondary-limit-silent")) {
    secondary_until_ = now + std::chrono::seconds(60);  // Without a header, a minute is the rule.
    return secondary(std::nullopt);
  }
  if (const auto which = faults_.peek("primary-limit");
      which && (*which == resource || *which == "all" || which->empty())) {
    faults_.take("primary-limit");
    budgets_.charge(caller.token, resource, 1'000'000);
  }
  const Standing standing = budgets_.look(caller.token, resource);
  if (standing.remaining > 0) {
    told_until_.erase(resource);
    return std::nullopt;
  }
  if (told_until_.contains(resource)) ++while_limited_count_;
  told_until_[resource] = standing.reset_at;
  Response response;
  if (resource == "graphql")
    response = rest_json(
        200, json::Object{{"errors", json::Array{json::Object{
                                         {"type", "RATE_LIMITED"},
                                         {"message", "API rate limit exceeded for user ID 1."}}}}});
  else
    response = rest_error(403, "API rate limit exceeded for user ID 1.", std::string(kLimitsPage));
  add_rate_headers(response, standing, resource);
  return response;
}

std::optional<Response> Gate::stop(const Request& request, const Caller& caller,
                                   const std::string& resource) {
  if (!request.headers.find("User-Agent"))
    return Response{
        403,
        {{"Content-Type", "text/plain"}},
        "Request forbidden by administrative rules. Please make sure your request has a "
        "User-Agent header.\n"};
  const bool known = caller.token.empty() || caller.login || tokens_.empty();
  const auto revoked = faults_.peek("revoked-token");
  const bool gone =
      revoked && !caller.token.empty() && (revoked->empty() || *revoked == caller.token);
  if (faults_.take("bad-token") || !known || gone) {
    Response response = rest_error(401, "Bad credentials");
    // GitHub sends an empty budget with it, which says nothing about the real one.
    add_rate_headers(response, {60, 60, 0, clock_.wall_time() + std::chrono::hours(1)}, resource);
    return response;
  }
  if (resource == "graphql" && caller.token.empty())
    return rest_error(
        401, "This endpoint requires you to be authenticated.",
        "https://docs.github.com/graphql/guides/forming-calls-with-graphql#authenticating");
  if (auto response = limited(caller, resource)) return response;
  auto response = failing(resource);
  if (response && response->status < 500)
    add_rate_headers(*response, budgets_.look(caller.token, resource), resource);
  return response;
}

std::chrono::milliseconds Gate::stall() {
  const auto length = faults_.peek_number("stall");
  if (length) faults_.take("stall");
  return std::chrono::milliseconds(length.value_or(0));
}

void Gate::spoil(Response& response) {
  if (response.body.size_bytes() > 1 && faults_.take("malformed-json"))
    response.body = std::string(response.body.view().substr(0, response.body.size_bytes() / 2));
}

Standing Gate::look(const Caller& caller, const std::string& resource) {
  return budgets_.look(caller.token, resource);
}

Standing Gate::charge(const Caller& caller, const std::string& resource, std::int64_t points) {
  return budgets_.charge(caller.token, resource, points);
}

void Gate::add_rate_headers(Response& response, const Standing& standing,
                            const std::string& resource) {
  if (faults_.peek("no-rate-headers")) return;
  response.headers.set("X-RateLimit-Limit", std::to_string(standing.limit));
  response.headers.set("X-RateLimit-Remaining", std::to_string(standing.remaining));
  response.headers.set("X-RateLimit-Used", std::to_string(standing.used));
  response.headers.set("X-RateLimit-Reset", std::to_string(to_unix_ms(standing.reset_at) / 1000));
  response.headers.set("X-RateLimit-Resource", resource);
}

void Gate::forget_limits() {
  secondary_until_.reset();
  told_until_.clear();
  budgets_.reset();
}

std::string etag_of(const Request& request, std::string_view body) {
  std::string hashed;
  for (const std::string_view name : {"Accept", "Authorization", "Cookie"})
    if (const auto value = request.headers.find(name)) hashed += std::string(*value) + ":";
  hashed += body;
  return "\"" + crypto::sha256_hex(hashed) + "\"";
}

bool apply_etag(const Request& request, Response& response) {
  if (request.method != http::Method::get || response.status != 200) return false;
  const std::string etag = etag_of(request, response.body.view());
  response.headers.set("ETag", etag);
  response.headers.set("Cache-Control", "private, max-age=60, s-maxage=60");
  response.headers.set("Vary",
                       "Accept, Authorization, Cookie, Accept-Encoding, Accept, X-Requested-With");
  std::string_view given = request.headers.find("If-None-Match").value_or("");
  if (given.starts_with("W/")) given.remove_prefix(2);
  if (given != etag) return false;
  response.status = 304;
  response.body = http::Body();
  response.headers.remove("Content-Type");
  return true;
}

}  // namespace cloudfolio::simulator

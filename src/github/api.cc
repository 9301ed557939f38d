#include "github/api.h"

#include <algorithm>
#include <utility>

#include "base/time_text.h"
#include "http/url.h"

namespace cloudfolio::github {
namespace {

constexpr std::string_view kApiVersion = "2022-11-28";
constexpr std::size_t kRedirectsMax = 3;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool is_passing(int status) {
  return status >= 500 && status <= 504;
}
bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 307 || status == 308;
}

// "message" of a JSON body; else nothing worth showing.
std::string said(const http::Response& response) {
  const auto object = json::parse_object(response.body.view());
  return object ? std::string(json::find_string(*object, "message").value_or("")) : "";
}

Error forbidden(const http::Response& response, const std::string& message) {
  if (response.headers.find("X-GitHub-SSO") || contains(message, "SAML"))
    return Error(Code::permission_denied,
                 "the token is not authorised for an organization's SAML single sign-on: open the "
                 "token's page in GitHub's settings and choose \"Configure SSO\"");
  if (contains(message, "access blocked"))
    return Error(Code::permission_denied, "GitHub has blocked access: " + message);
  return Error(Code::permission_denied,
               "the token may not do this; a fine-grained token needs the permissions Metadata and "
               "Contents (read), a classic one the scope repo for private repositories" +
                   (message.empty() ? "" : " (GitHub said: " + message + ")"));
}

std::string_view outcome_of(int status) {
  if (status == 304) return "not_modified";
  if (status < 400) return "ok";
  if (status == 404 || status == 410 || status == 451) return "not_found";
  if (status == 429) return "limited";
  if (status >= 500) return "failed";
  return "refused";
}

}  // namespace

Result<Endpoints> endpoints_of(const std::string& api_url) {
  CF_TRY(http::Url url, http::parse_url(api_url));
  while (url.path.ends_with('/')) url.path.pop_back();
  Endpoints endpoints;
  endpoints.origin = url.origin();
  endpoints.rest = url.origin() + url.path;
  if (url.path.ends_with("/v3")) url.path.resize(url.path.size() - 3);
  endpoints.graphql = url.origin() + url.path + "/graphql";
  return endpoints;
}

Api::Api(const Options& options, Endpoints endpoints, http::Client& http, const Clock& clock,
         Pause& pause, Random random, telemetry::Log& log, GithubMetrics& metrics)
    : options_(options),
      endpoints_(std::move(endpoints)),
      http_(http),
      clock_(clock),
      pause_(pause),
      random_(Random(random.next())),
      log_(log),
      metrics_(metrics),
      governor_(clock, pause, Random(random.next()), options.limit_wait_max) {}

Usage Api::usage() const {
  const std::lock_guard lock(mutex_);
  return total_;
}

void Api::spend(Resource resource, std::int64_t points, Usage& usage) {
  if (points <= 0) return;
  metrics_.points.with({to_string(resource)}).add(std::uint64_t(points));
  usage.points += points;
  const std::lock_guard lock(mutex_);
  total_.points += points;
}

http::ClientRequest Api::request_to(const std::string& url) const {
  http::ClientRequest request;
  request.url = url;
  request.timeout = options_.request_timeout;
  request.response_bytes_max = options_.response_bytes_max;
  request.headers.set("User-Agent", options_.user_agent);
  request.headers.set("X-GitHub-Api-Version", std::string(kApiVersion));
  if (has_token()) request.headers.set("Authorization", "Bearer " + options_.token.reveal());
  return request;
}

Result<http::Response> Api::send(const Context& ctx, Resource resource,
                                 const http::ClientRequest& request, std::size_t attempt,
                                 Usage& usage) {
  CF_TRY(const Governor::Turn turn, governor_.enter(ctx, resource));
  ++usage.requests_count;
  {
    const std::lock_guard lock(mutex_);
    ++total_.requests_count;
  }
  const std::string_view lane = to_string(resource);
  const auto started = clock_.now();
  auto response = http_.send(ctx, request);
  const auto took = clock_.now() - started;
  metrics_.seconds.with({lane}).observe(std::chrono::duration<double>(took).count());
  if (!response) {
    metrics_.requests.with({lane, "unreachable"}).add();
    log_.warn(
        ctx, "github.unanswered",
        {{"resource", lane}, {"seconds", took}, {"attempt", attempt}, {"error", response.error()}});
    return response;
  }
  if (response->status != 401) governor_.note(resource, response->headers);
  metrics_.requests.with({lane, outcome_of(response->status)}).add();
  const auto rate = governor_.rate(resource);
  if (rate) metrics_.budget_remaining.with({lane}).set(double(rate->remaining));
  log_.info(ctx, "github.answered",
            {{"resource", lane},
             {"status", response->status},
             {"seconds", took},
             {"attempt", attempt},
             {"response_bytes", response->body.size_bytes()},
             {"budget_remaining", rate ? rate->remaining : -1},
             {"budget_limit", rate ? rate->limit : -1},
             {"budget_resets_at", rate ? to_text(rate->reset_at) : ""}});
  return response;
}

Status Api::back_off(const Context& ctx, std::size_t attempt) {
  const std::int64_t first = options_.backoff_first.count();
  const std::int64_t most = std::min<std::int64_t>(options_.backoff_max.count(),
                                                   first << std::min<std::size_t>(attempt - 1, 20));
  const auto length =
      std::chrono::milliseconds(most / 2 + std::int64_t(random_.unit() * double(most - most / 2)));
  return pause_.until(ctx, clock_.now() + length);
}

std::optional<Error> Api::refusal(Resource resource, const http::Response& response) {
  if (response.status == 401)
    return Error(Code::unauthenticated,
                 has_token()
                     ? "GitHub refuses the token (401): it is wrong, expired or revoked. Make "
                       "a new one in GitHub's settings and set GITHUB_TOKEN to it"
                     : "GitHub wants a token for this (401): set GITHUB_TOKEN");
  const std::string message = said(response);
  const auto retry_after = response.headers.find("Retry-After");
  const auto seconds = retry_after ? number_from(*retry_after) : std::nullopt;
  const bool secondary =
      seconds || contains(message, "secondary rate limit") || contains(message, "abuse detection");
  if (secondary) {
    governor_.secondary_limit(seconds ? std::optional(std::chrono::seconds(*seconds))
                                      : std::nullopt);
    return std::nullopt;
  }
  const bool primary = response.status == 429 || contains(message, "rate limit exceeded") ||
                       response.headers.find("X-RateLimit-Remaining") == "0";
  if (primary) {
    governor_.primary_limit(resource, response.headers);
    return std::nullopt;
  }
  return forbidden(response, message);
}

Result<std::optional<RestAnswer>> Api::read_rest(const RestCall& call, http::Response response) {
  RestAnswer answer;
  answer.status = response.status;
  answer.headers = std::move(response.headers);
  if (contains(call.accept, "raw") && answer.status == 200) {
    answer.body = std::string(response.body.view());
    return std::optional(std::move(answer));
  }
  if (!response.body.empty() && answer.status != 304) {
    auto value = json::parse(response.body.view());
    if (!value && answer.status < 300) return std::optional<RestAnswer>();  // Cut off on the way.
    if (value) answer.value = *std::move(value);
  }
  return std::optional(std::move(answer));
}

Result<RestAnswer> Api::get(const Context& ctx, const RestCall& call, Usage& usage) {
  std::string url = call.target.starts_with('/') ? endpoints_.rest + call.target : call.target;
  std::string trouble;
  std::size_t redirects = 0;
  for (std::size_t attempt = 1; attempt <= options_.attempts_max;) {
    CF_TRY(const http::Url to, http::parse_url(url));
    if (to.origin() != endpoints_.origin)
      return Error(
          Code::permission_denied,
          "GitHub's answer leads to another host, where the token must not go: " + to.origin());
    http::ClientRequest request = request_to(url);
    request.headers.set("Accept", call.accept);
    // GitHub weakens the tag of what it compresses, and knows it again without the mark.
    if (!call.etag.empty())
      request.headers.set("If-None-Match",
                          call.etag.starts_with("W/") ? call.etag.substr(2) : call.etag);
    auto response = send(ctx, Resource::core, request, attempt, usage);
    if (!response) {
      const Code code = response.error().code();
      const bool ours = code == Code::deadline_exceeded && ctx.deadline() > clock_.now();
      if (code != Code::unavailable && !ours) return std::move(response).error();
      trouble = response.error().message();
    } else if (is_redirect(response->status) && redirects < kRedirectsMax) {
      spend(Resource::core, 1, usage);
      const auto location = response->headers.find("Location");
      if (!location) return Error(Code::unavailable, "GitHub redirects, but does not say where to");
      url = location->starts_with('/') ? endpoints_.origin + std::string(*location)
                                       : std::string(*location);
      ++redirects;
      continue;
    } else if (is_redirect(response->status)) {
      return Error(Code::unavailable, "GitHub redirects again and again");
    } else if (response->status == 401 || response->status == 403 || response->status == 429) {
      if (auto error = refusal(Resource::core, *response)) return *std::move(error);
      trouble =
          governor_.limited(Resource::core).message();  // The next turn waits, or fails with it.
    } else if (is_passing(response->status)) {
      trouble = "GitHub answers " + std::to_string(response->status);
    } else {
      if (response->status != 304) spend(Resource::core, 1, usage);
      CF_TRY(auto answer, read_rest(call, *std::move(response)));
      if (answer) return *std::move(answer);
      trouble = "GitHub's answer is not JSON";
    }
    if (attempt++ < options_.attempts_max) CF_CHECK(back_off(ctx, attempt - 1));
  }
  if (governor_.resumes_at(Resource::core)) return governor_.limited(Resource::core);
  return Error(
      Code::unavailable,
      trouble + ", " + std::to_string(options_.attempts_max) +
          " times in a row. That is GitHub's failure or the network's, not yours: try again "
          "later (https://www.githubstatus.com)");
}

Result<std::optional<GraphAnswer>> Api::read_graph(http::Response response, std::string& trouble,
                                                   Usage& usage) {
  auto answer = parse_graph_answer(response.body.view());
  if (!answer) {
    trouble = answer.error().message();
    return std::optional<GraphAnswer>();
  }
  spend(Resource::graphql, answer->data.empty() ? 0 : std::max<std::int64_t>(1, answer->cost),
        usage);
  for (const GraphError& error : answer->errors) {
    if (error.is_secondary() || error.is_limit()) {
      if (error.is_secondary())
        governor_.secondary_limit(std::nullopt);
      else
        governor_.primary_limit(Resource::graphql, response.headers);
      trouble = "GitHub's limit";
      return std::optional<GraphAnswer>();
    }
    if (!answer->data.empty() || error.is_exhaustion()) continue;
    if (error.is_timeout()) {
      trouble = "GitHub says that something went wrong";
      return std::optional<GraphAnswer>();
    }
    if (error.type == "INSUFFICIENT_SCOPES" || error.type == "FORBIDDEN")
      return forbidden(response, error.message);
    return Error(Code::internal, "GitHub refuses our query: " + error.message);
  }
  governor_.went_through();
  return std::optional(*std::move(answer));
}

Result<GraphResult> Api::query(const Context& ctx, const std::string& document,
                               const json::Object& variables, std::size_t attempts_max,
                               Usage& usage) {
  http::ClientRequest request = request_to(endpoints_.graphql);
  request.method = http::Method::post;
  request.headers.set("Accept", "application/vnd.github+json");
  request.headers.set("Content-Type", "application/json");
  request.body = json::write(json::Object{{"query", document}, {"variables", variables}});
  std::string trouble;
  std::size_t limits = 0;
  for (std::size_t attempt = 1; attempt <= attempts_max;) {
    auto response = send(ctx, Resource::graphql, request, attempt, usage);
    bool limited = false;
    if (!response) {
      const Code code = response.error().code();
      const bool ours = code == Code::deadline_exceeded && ctx.deadline() > clock_.now();
      if (code != Code::unavailable && !ours) return std::move(response).error();
      trouble = response.error().message();
    } else if (response->status == 401 || response->status == 403 || response->status == 429) {
      if (auto error = refusal(Resource::graphql, *response)) return *std::move(error);
      limited = true;
    } else if (response->status != 200) {
      trouble = "GitHub answers " + std::to_string(response->status);
    } else {
      CF_TRY(auto answer, read_graph(*std::move(response), trouble, usage));
      if (answer) return GraphResult(*std::move(answer));
      limited = governor_.resumes_at(Resource::graphql).has_value();
    }
    // A limit is no fault of the query's: waiting for it (in the next turn) costs none of its
    // attempts.
    if (limited && ++limits <= options_.attempts_max) continue;
    if (limited) return governor_.limited(Resource::graphql);
    if (attempt++ < attempts_max) CF_CHECK(back_off(ctx, attempt - 1));
  }
  return GraphResult(TooHeavy{trouble});
}

}  // namespace cloudfolio::github

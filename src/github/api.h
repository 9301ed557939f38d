#pragma once
// Api: one REST or GraphQL call with everything that GitHub's rules ask around it: headers, turns,
// limits, retries, redirects, log lines and metrics. What an answer means is its callers' business.
//
// Threads: thread-safe; calls block.

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/context.h"
#include "base/random.h"
#include "github/governor.h"
#include "github/graph_answer.h"
#include "github/metrics.h"
#include "github/options.h"
#include "http/client.h"
#include "http/message.h"
#include "json/json.h"
#include "telemetry/log.h"

namespace cloudfolio::github {

struct Endpoints {
  std::string rest;  // Without a '/' at the end.
  std::string graphql;
  std::string origin;  // The only place that gets the token.
};
Result<Endpoints> endpoints_of(const std::string& api_url);

struct RestCall {
  std::string target =
      {};  // "/users/octocat/repos?sort=pushed", or a whole address on the same host.
  std::string accept = "application/vnd.github+json";
  std::string etag = {};  // If-None-Match
};

struct RestAnswer {
  int status = 200;
  http::Headers headers;
  std::string body;   // Of a raw call.
  json::Value value;  // Of a JSON call; null where the body is empty.
};

// GitHub could not do it in its time: 502, 504, "Something went wrong", no answer. Less may work.
struct TooHeavy {
  std::string reason;
};
using GraphResult = std::variant<GraphAnswer, TooHeavy>;

class Api {
 public:
  Api(const Options& options, Endpoints endpoints, http::Client& http, const Clock& clock,
      Pause& pause, Random random, telemetry::Log& log, GithubMetrics& metrics);

  // GET. The answer is a 2xx, 304, 404, 409, 410, 422 or 451; redirects on the same host were
  // followed. Errors as client.h says them; `usage` counts every request sent.
  Result<RestAnswer> get(const Context& ctx, const RestCall& call, Usage& usage);

  // POST to GraphQL, up to `attempts_max` times if it is too heavy. An Error stands for the whole
  // call (token, limit, scope, network); what is wrong with parts of it is in the GraphAnswer.
  Result<GraphResult> query(const Context& ctx, const std::string& document,
                            const json::Object& variables, std::size_t attempts_max, Usage& usage);

  const Endpoints& endpoints() const { return endpoints_; }
  bool has_token() const { return !options_.token.empty(); }
  Governor& governor() { return governor_; }
  const Governor& governor() const { return governor_; }
  Usage usage() const;

 private:
  http::ClientRequest request_to(const std::string& url) const;
  // Sends once, in turn; notes headers, logs, counts.
  Result<http::Response> send(const Context& ctx, Resource resource,
                              const http::ClientRequest& request, std::size_t attempt,
                              Usage& usage);
  // Reads a REST answer: usable, or worth another attempt, or an error.
  Result<std::optional<RestAnswer>> read_rest(const RestCall& call, http::Response response);
  Result<std::optional<GraphAnswer>> read_graph(http::Response response, std::string& trouble,
                                                Usage& usage);
  // What a 401, 403 or 429 means: an error, or nothing if the lane was closed and will open again.
  std::optional<Error> refusal(Resource resource, const http::Response& response);
  Status back_off(const Context& ctx, std::size_t attempt);
  void spend(Resource resource, std::int64_t points, Usage& usage);

  const Options& options_;
  const Endpoints endpoints_;
  http::Client& http_;
  const Clock& clock_;
  Pause& pause_;
  SharedRandom random_;
  telemetry::Log& log_;
  GithubMetrics& metrics_;
  Governor governor_;
  mutable std::mutex mutex_;
  Usage total_;  // Under mutex_.
};

}  // namespace cloudfolio::github

#pragma once
// RouteTable: routes as functions of a Call that return a Response or an Error; authentication,
// error shapes and the access log around them stand here once.

#include <functional>
#include <string>
#include <string_view>

#include "gateway/bundle_pages.h"
#include "gateway/gateway.h"
#include "gateway/shadow.h"
#include "http/router.h"
#include "json/json.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"
#include "tenancy/principal.h"

namespace cloudfolio::gateway {

// What the routes work with; outlives them.
struct Services {
  const Gateway::Options& options;
  Portfolios& portfolios;
  durable::Client& instances;
  const tenancy::TokenTable& tokens;
  const Clock& clock;
  telemetry::Log& log;
  telemetry::MetricRegistry& metrics;
  BundlePages pages;
  const Shadow* shadow = nullptr;  // Null: nothing is compared.
};

// One request, its caller known.
struct Call {
  const http::Request& request;
  tenancy::Principal principal;
  Context context;
  // The tenant that the answer is about, for the log; set by the route as soon as it knows.
  TenantId& about;
};

// How errors look: {"error": "text"}, or {"error": {"code", "message"}}.
enum class Style { original, v1 };

using Route = std::function<Result<http::Response>(Services&, Call&)>;

class RouteTable {
 public:
  explicit RouteTable(Services& services) : services_(services) {}
  void add(http::Method method, std::string_view pattern, std::string_view name, Style style,
           Route route);
  http::Router& router() { return router_; }
  const http::Router& router() const { return router_; }

 private:
  http::Response answer(const http::Request& request, Style style, const Route& route);

  Services& services_;
  http::Router router_;
};

// What an error says outside: never the text of internal or corrupt.
std::string public_message(const Error& error, std::string_view request_id);
http::Response error_answer(const Error& error, Style style, std::string_view request_id);

// The {username} or {login} of the path, checked; and told to the log.
Result<TenantId> tenant_of(Call& call, std::string_view placeholder);
// The request's body as an object; an empty body is {}.
Result<json::Object> body_of(const Call& call);
// A bare JSON object with the original's indent and Cache-Control.
http::Response original_answer(const json::Value& value,
                               std::string_view cache_control = "public, max-age=900");
// JSON text as it is.
http::Response json_text(int status, std::string text, std::string_view cache_control);

void add_original_routes(RouteTable& table);
void add_durable_routes(RouteTable& table);
void add_v1_routes(RouteTable& table);
void add_alias_routes(RouteTable& table);
void add_admin_routes(RouteTable& table);
void add_flag_routes(RouteTable& table);
void add_system_routes(RouteTable& table);
void add_cost_routes(RouteTable& table);
void add_canary_routes(RouteTable& table);
void add_training_routes(RouteTable& table);
// Answers what no route takes, naming the new route of those that later drafts of the original had.
http::Response not_found_answer(const http::Request& request);

}  // namespace cloudfolio::gateway

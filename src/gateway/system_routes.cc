// What operators and load balancers ask: health and metrics.

#include "gateway/caller.h"
#include "gateway/route_table.h"
#include "http/json_response.h"

namespace cloudfolio::gateway {
namespace {

// A missing role delays work, but requests are answered; an unreadable store is another matter.
bool is_ready(const Services& services, const json::Object& report) {
  const bool serves_on = !services.options.serves_on || services.options.serves_on();
  const auto* store = report.if_contains("cache");
  return serves_on && (store == nullptr || *store == json::Value(true));
}

Result<http::Response> health(Services& services, Call& call) {
  CF_TRY(const std::string text, services.portfolios.health(call.context));
  auto body = json::parse(text);
  if (!body) return Error(Code::internal, "health: " + body.error().message());
  json::Object* const report = body->if_object();
  if (report) (*report)["ready"] = is_ready(services, *report);
  http::Response response = http::json_response(200, *body);
  response.headers.set("Cache-Control", "no-cache");
  return response;
}

// For load balancers: the status alone says whether to send requests here.
Result<http::Response> ready(Services& services, Call& call) {
  CF_TRY(const std::string text, services.portfolios.health(call.context));
  const auto body = json::parse(text);
  const json::Object* const report = body ? body->if_object() : nullptr;
  const bool is = report && is_ready(services, *report);
  http::Response response = http::json_response(is ? 200 : 503, json::Object{{"ready", is}});
  if (!is) response.headers.set("Retry-After", "1");
  response.headers.set("Cache-Control", "no-store");
  return response;
}

Result<http::Response> metrics(Services& services, Call& call) {
  CF_CHECK(must_be_operator(call.principal));
  if (services.options.before_metrics) services.options.before_metrics();
  return http::Response{
      200,
      {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}, {"Cache-Control", "no-store"}},
      services.metrics.to_prometheus()};
}

}  // namespace

void add_system_routes(RouteTable& table) {
  using http::Method;
  table.add(Method::get, "/api/health", "health", Style::original, health);
  table.add(Method::get, "/v1/health", "v1_health", Style::v1, health);
  table.add(Method::get, "/v1/health/ready", "v1_ready", Style::v1, ready);
  table.add(Method::get, "/metrics", "metrics", Style::original, metrics);
}

}  // namespace cloudfolio::gateway

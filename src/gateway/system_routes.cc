// What operators and load balancers ask: health and metrics.

#include "gateway/caller.h"
#include "gateway/route_table.h"
#include "http/json_response.h"

namespace cloudfolio::gateway {
namespace {

Result<http::Response> health(Services& services, Call& call) {
  CF_TRY(const std::string text, services.portfolios.health(call.context));
  auto body = json::parse(text);
  if (!body) return Error(Code::internal, "health: " + body.error().message());
  http::Response response = http::json_response(200, *body);
  response.headers.set("Cache-Control", "no-cache");
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
  table.add(Method::get, "/metrics", "metrics", Style::original, metrics);
}

}  // namespace cloudfolio::gateway

#include "gateway/route_table.h"

#include <utility>

#include "gateway/caller.h"
#include "http/json_response.h"
#include "tenancy/login.h"

namespace cloudfolio::gateway {
namespace {

constexpr std::size_t kBodyDepthMax = 32;
// What an answer that says "later" asks for, where nothing better is known.
constexpr auto kRetryAfterSeconds = "30";

}  // namespace

std::string public_message(const Error& error, std::string_view request_id) {
  const bool ours = error.code() == Code::internal || error.code() == Code::corrupt;
  if (!ours) return error.message();
  const std::string what =
      error.code() == Code::corrupt ? "Stored data is damaged" : "Internal error";
  return what + "; request id " + std::string(request_id);
}

http::Response error_answer(const Error& error, Style style, std::string_view request_id) {
  const int status = http::status_of(error.code());
  const std::string message = public_message(error, request_id);
  http::Response response =
      style == Style::original
          ? http::error_response(status, message)
          : http::json_response(
                status, json::Object{{"error", json::Object{{"code", to_string(error.code())},
                                                            {"message", message}}}});
  if (status == 401) response.headers.set("WWW-Authenticate", "Bearer");
  if (status == 429 || status == 503) response.headers.set("Retry-After", kRetryAfterSeconds);
  response.headers.set("Cache-Control", "no-store");
  return response;
}

void RouteTable::add(http::Method method, std::string_view pattern, std::string_view name,
                     Style style, Route route) {
  router_.add(method, pattern, name,
              [this, style, route = std::move(route)](const http::Request& request) {
                return answer(request, style, route);
              });
}

http::Response RouteTable::answer(const http::Request& request, Style style, const Route& route) {
  const auto started = services_.clock.now();
  TenantId about;
  auto principal = caller_of(request, services_.tokens, services_.options.public_url);
  Result<http::Response> response = [&]() -> Result<http::Response> {
    if (!principal) return std::move(principal).error();
    Call call{request, *principal, request.context, about};
    return route(services_, call);
  }();
  const Context ctx = request.context.for_tenant(about);
  if (!response) {
    const Error& error = response.error();
    if (error.code() == Code::internal || error.code() == Code::corrupt)
      services_.log.error(ctx, "gateway.request_failed",
                          {{"route", request.route},
                           {"request_id", request.request_id},
                           {"code", error.code()},
                           {"error", error}});
    response = error_answer(error, style, request.request_id);
  }
  services_.log.info(ctx, "gateway.answered",
                     {{"method", to_string(request.method)},
                      {"route", request.route},
                      {"status", response->status},
                      {"duration_seconds", services_.clock.now() - started},
                      {"caller", principal ? tenancy::to_string(*principal) : "refused"},
                      {"request_id", request.request_id}});
  if (services_.options.answered) services_.options.answered(request.route, about);
  return *std::move(response);
}

Result<TenantId> tenant_of(Call& call, std::string_view placeholder) {
  auto tenant = tenancy::tenant_from_login(call.request.path_parameter(placeholder));
  if (!tenant) return tenant;
  call.about = *tenant;
  call.context = call.context.for_tenant(*tenant);
  return tenant;
}

Result<json::Object> body_of(const Call& call) {
  if (call.request.body.empty()) return json::Object();
  json::ParseLimits limits;
  limits.depth_max = kBodyDepthMax;
  auto object = json::parse_object(call.request.body, limits);
  if (!object) return std::move(object).error().while_doing("request body");
  return object;
}

http::Response original_answer(const json::Value& value, std::string_view cache_control) {
  http::Response response = http::json_response(200, value);
  response.headers.set("Cache-Control", std::string(cache_control));
  return response;
}

http::Response json_text(int status, std::string text, std::string_view cache_control) {
  return {status,
          {{"Content-Type", "application/json; charset=utf-8"},
           {"Cache-Control", std::string(cache_control)}},
          std::move(text)};
}

}  // namespace cloudfolio::gateway

#include "gateway/quota_answer.h"

#include "http/json_response.h"

namespace cloudfolio::gateway {
namespace {

std::optional<QuotaState> state_of(Services& services, Call& call, const TenantId& tenant,
                                   Metered work) {
  if (services.options.administration == nullptr) return std::nullopt;
  auto state = services.options.administration->quota(call.context, tenant, work);
  return state ? *std::move(state) : std::nullopt;
}

void set_headers(const QuotaState& state, http::Response& response) {
  if (state.limit == 0 || state.window.count() == 0) return;
  const std::string name = "\"" + state.meter + "\"";
  response.headers.set("RateLimit-Policy", name + ";q=" + std::to_string(state.limit) +
                                               ";w=" + std::to_string(state.window.count()));
  std::string left = name + ";r=" + std::to_string(state.remaining);
  if (state.fits_in) left += ";t=" + std::to_string(state.fits_in->count());
  response.headers.set("RateLimit", std::move(left));
}

}  // namespace

Result<http::Response> refused_answer(Services& services, Call& call, const TenantId& tenant,
                                      Metered work, Style style, Error error) {
  if (error.code() != Code::quota_exceeded) return error;
  http::Response response = error_answer(error, style, call.request.request_id);
  response.headers.remove("Retry-After");
  const auto state = state_of(services, call, tenant, work);
  if (!state) return response;
  if (style == Style::v1) {
    json::Object quota{{"meter", state->meter}, {"used", state->used}, {"limit", state->limit}};
    if (!state->fits_at.empty()) quota["until"] = state->fits_at;
    response = http::json_response(
        429, json::Object{{"error", json::Object{{"code", to_string(error.code())},
                                                 {"message", error.message()},
                                                 {"quota", std::move(quota)}}}});
    response.headers.set("Cache-Control", "no-store");
  }
  set_headers(*state, response);
  if (state->fits_in) response.headers.set("Retry-After", std::to_string(state->fits_in->count()));
  return response;
}

void add_quota_headers(Services& services, Call& call, const TenantId& tenant, Metered work,
                       http::Response& response) {
  if (const auto state = state_of(services, call, tenant, work)) set_headers(*state, response);
}

}  // namespace cloudfolio::gateway

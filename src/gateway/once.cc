#include "gateway/once.h"

#include <algorithm>

#include "crypto/hash.h"
#include "durable/client.h"
#include "http/json_response.h"
#include "json/json.h"
#include "tenancy/request_keys.h"

namespace cloudfolio::gateway {
namespace {

using tenancy::RequestClaim;

constexpr char kKeyHeader[] = "Idempotency-Key";
constexpr char kReplayedHeader[] = "Idempotency-Replayed";
// How long one attempt may work where the request has no deadline, and at most.
constexpr std::chrono::seconds kLongestAttempt{60};
// Between the end of a request and the moment in which another may take over.
constexpr std::chrono::seconds kAttemptMargin{2};

// All that an answer depends on.
std::string digest_of(const http::Request& request) {
  return crypto::sha256_hex(std::string(to_string(request.method)) + " " + request.target + "\n" +
                            request.body);
}

std::chrono::seconds longest_of(const Context& ctx, const Clock& clock) {
  const auto now = clock.now();
  if (ctx.deadline() - now > kLongestAttempt) return kLongestAttempt + kAttemptMargin;
  return std::chrono::ceil<std::chrono::seconds>(ctx.deadline() - now) + kAttemptMargin;
}

std::string text_of(const http::Response& response) {
  json::Array headers;
  for (const auto& [name, value] : response.headers) headers.push_back(json::Array{name, value});
  return json::write(json::Value{{"status", response.status},
                                 {"headers", std::move(headers)},
                                 {"body", response.body.view()}});
}

Result<http::Response> response_from(const std::string& text) {
  auto kept = json::parse_object(text);
  const auto status = kept ? json::find_int(*kept, "status") : std::nullopt;
  const json::Array* headers = kept ? json::find_array(*kept, "headers") : nullptr;
  const auto body = kept ? json::find_string(*kept, "body") : std::nullopt;
  if (!status || !headers || !body) return Error(Code::corrupt, "a kept answer is damaged");
  http::Response response;
  response.status = static_cast<int>(*status);
  for (const json::Value& header : *headers) {
    const json::Array* pair = header.if_array();
    if (pair == nullptr || pair->size() != 2) continue;
    const auto* name = (*pair)[0].if_string();
    const auto* value = (*pair)[1].if_string();
    if (name != nullptr && value != nullptr)
      response.headers.set(json::view(*name), std::string(json::view(*value)));
  }
  response.headers.set(kReplayedHeader, "true");
  response.body = std::string(*body);
  return response;
}

http::Response still_working(std::chrono::seconds again_in, Style style,
                             const http::Request& request) {
  http::Response response = error_answer(
      Error(Code::conflict, "the first request with this Idempotency-Key is still worked on"),
      style, request.request_id);
  response.headers.set("Retry-After", std::to_string(again_in.count()));
  return response;
}

http::Response other_request(Style style) {
  constexpr char kMessage[] =
      "this Idempotency-Key was used for another request; use a new one for each";
  http::Response response =
      style == Style::original
          ? http::error_response(422, kMessage)
          : http::json_response(
                422,
                json::Object{{"error", json::Object{{"code", to_string(Code::invalid_argument)},
                                                    {"message", kMessage}}}});
  response.headers.set("Cache-Control", "no-store");
  return response;
}

// Whether a failed start may have had its effect all the same.
bool is_uncertain(Code code) {
  return code == Code::unavailable || code == Code::deadline_exceeded || code == Code::cancelled ||
         code == Code::internal || code == Code::corrupt;
}

// What was answered is kept; what was refused leaves the key free. That this could not be written
// down does not change the answer: the next attempt looks for the effect.
void keep(Services& services, const Context& ctx, const RequestClaim& claim,
          const Result<http::Response>& response, const InstanceId& job) {
  tenancy::RequestKeys& keys = *services.options.request_keys;
  Status kept = Done{};
  if (response && response->status < 300)
    kept = keys.settle(ctx, claim, text_of(*response), job);
  else if (response ? response->status >= 500 : is_uncertain(response.error().code()))
    kept = keys.leave_open(ctx, claim);
  else
    kept = keys.release(ctx, claim);
  if (!kept) services.log.warn(ctx, "gateway.request_key_not_kept", {{"error", kept.error()}});
}

// Of one request, whoever answers it.
struct Asked {
  const http::Request& request;
  const Context& ctx;
  const TenantId& tenant;
  Style style;
};

Result<http::Response> answer_once(Services& services, const Asked& asked, const StartWork& work) {
  InstanceId job;
  const auto key = asked.request.headers.find(kKeyHeader);
  if (!key) return work(StartMark{}, job);
  tenancy::RequestKeys* const keys = services.options.request_keys;
  if (keys == nullptr) return Error(Code::unavailable, "this process keeps no idempotency keys");
  CF_TRY(auto opened,
         keys->open(asked.ctx, asked.tenant, *key, digest_of(asked.request),
                    longest_of(asked.ctx, services.clock), running_in(services.instances)));
  if (const auto* answered = std::get_if<tenancy::KeptAnswer>(&opened))
    return response_from(answered->answer);
  if (const auto* working = std::get_if<tenancy::StillWorking>(&opened))
    return still_working(working->again_in, asked.style, asked.request);
  if (std::holds_alternative<tenancy::OtherRequest>(opened)) return other_request(asked.style);
  const auto& claim = std::get<RequestClaim>(opened);
  StartMark mark{claim.mark, std::nullopt};
  if (claim.attempt == RequestClaim::Attempt::after_another) mark.began_after = claim.made_at;
  Result<http::Response> response = work(mark, job);
  keep(services, asked.ctx, claim, response, job);
  return response;
}

}  // namespace

std::function<Result<bool>(const Context&, const InstanceId&)> running_in(
    durable::Client& instances) {
  return [&instances](const Context& ctx, const InstanceId& job) -> Result<bool> {
    CF_TRY(const auto state, instances.get(ctx, job, durable::Include::summary));
    return state && !durable::is_terminal(state->status);
  };
}

Result<http::Response> once(Services& services, Call& call, const TenantId& tenant, Style style,
                            const StartWork& work) {
  return answer_once(services, {call.request, call.context, tenant, style}, work);
}

Result<http::Response> once_elsewhere(Services& services, const http::Request& request,
                                      const TenantId& tenant, const AskToStart& start) {
  const Context ctx = request.context.for_tenant(tenant);
  return answer_once(services, {request, ctx, tenant, Style::original},
                     [&start](const StartMark&, InstanceId&) { return start(); });
}

}  // namespace cloudfolio::gateway

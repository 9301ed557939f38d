// The API /v1: docs/formats/http-v1.md.

#include <charconv>

#include "gateway/caller.h"
#include "gateway/once.h"
#include "gateway/quota_answer.h"
#include "gateway/route_table.h"
#include "gateway/status_links.h"
#include "http/json_response.h"
#include "json/fields.h"

namespace cloudfolio::gateway {
namespace {

constexpr int kResultsMax = 100;
constexpr int kHitsMax = 20;

struct RefreshBody {
  bool force = false;
  static constexpr auto fields() {
    return std::tuple{json::Field{"force", &RefreshBody::force, "Read everything again."}};
  }
};

struct TrainBody {
  std::optional<std::int64_t> max_steps;
  std::optional<std::int64_t> max_tokens;
  static constexpr auto fields() {
    return std::tuple{
        json::Field{"max_steps", &TrainBody::max_steps, "Stop after so many steps."},
        json::Field{"max_tokens", &TrainBody::max_tokens, "Stop after so many tokens."}};
  }
};

template <class Body>
Result<Body> typed_body(const Call& call) {
  CF_TRY(const json::Object object, body_of(call));
  auto body = json::from_json<Body>(json::Value(object));
  if (!body) return std::move(body).error().while_doing("request body");
  return body;
}

http::Response accepted(json::Object answer, const InstanceId& instance) {
  answer["status_url"] = instance_path(instance);
  http::Response response = json_text(202, json::write(json::Value(std::move(answer))), "no-store");
  response.headers.set("Location", instance_path(instance));
  return response;
}

std::string_view cache_control_for(Sight sight) {
  return sight == Sight::with_private ? "private, no-store" : "no-cache";
}

std::string_view name_of(RefreshStart::Outcome outcome) {
  switch (outcome) {
    case RefreshStart::Outcome::started:
      return "started";
    case RefreshStart::Outcome::joined:
      return "joined";
    case RefreshStart::Outcome::successor_queued:
      return "successor_queued";
  }
  return "started";
}

Result<http::Response> get_portfolio(Services& services, Call& call) {
  CF_TRY(const TenantId tenant, tenant_of(call, "login"));
  CF_TRY(const BundlePage page,
         services.pages.page(call.context, tenant, tenant.str(), BundlePages::Form::v1));
  http::Headers headers{{"Content-Type", "application/json; charset=utf-8"},
                        {"Cache-Control", "no-cache"},
                        {"ETag", page.etag}};
  if (matches_etag(call.request.headers.find("If-None-Match").value_or(""), page.etag))
    return http::Response{304, std::move(headers), {}};
  return http::Response{200, std::move(headers), page.body};
}

Result<http::Response> get_repository(Services& services, Call& call) {
  CF_TRY(const TenantId tenant, tenant_of(call, "login"));
  const std::string name(call.request.path_parameter("name"));
  CF_TRY(const Sight sight, sight_of(call.principal, tenant, call.request.find_query("private")));
  CF_TRY(std::string text, services.portfolios.repository(call.context, tenant, name, sight));
  return json_text(200, std::move(text), cache_control_for(sight));
}

Result<http::Response> start_refresh(Services& services, Call& call, const TenantId& tenant,
                                     Force force, const StartMark& mark, InstanceId& job) {
  auto start = services.portfolios.start_refresh(call.context, tenant, force, mark);
  if (!start)
    return refused_answer(services, call, tenant, Metered::refresh, Style::v1,
                          std::move(start).error());
  job = start->instance;
  http::Response response = accepted(
      {{"id", start->instance.str()}, {"outcome", name_of(start->outcome)}}, start->instance);
  add_quota_headers(services, call, tenant, Metered::refresh, response);
  return response;
}

Result<http::Response> refresh(Services& services, Call& call) {
  CF_TRY(const TenantId tenant, tenant_of(call, "login"));
  CF_CHECK(check_may_change(call.principal, tenant));
  CF_TRY(const RefreshBody body, typed_body<RefreshBody>(call));
  const Force force = body.force ? Force::yes : Force::no;
  return once(services, call, tenant, Style::v1, [&](const StartMark& mark, InstanceId& job) {
    return start_refresh(services, call, tenant, force, mark, job);
  });
}

Result<http::Response> start_training(Services& services, Call& call, const TenantId& tenant,
                                      const TrainRequest& request, InstanceId& job) {
  const auto instance = services.portfolios.start_training(call.context, tenant, request);
  if (!instance)
    return refused_answer(services, call, tenant, Metered::training, Style::v1, instance.error());
  job = *instance;
  http::Response response = accepted({{"id", instance->str()}}, *instance);
  add_quota_headers(services, call, tenant, Metered::training, response);
  return response;
}

Result<http::Response> train(Services& services, Call& call) {
  CF_TRY(const TenantId tenant, tenant_of(call, "login"));
  CF_CHECK(check_may_change(call.principal, tenant));
  CF_TRY(const TrainBody body, typed_body<TrainBody>(call));
  if (body.max_steps.value_or(1) < 1 || body.max_tokens.value_or(1) < 1)
    return Error(Code::invalid_argument, "max_steps and max_tokens must be 1 or more");
  return once(services, call, tenant, Style::v1, [&](const StartMark& mark, InstanceId& job) {
    return start_training(services, call, tenant, {body.max_steps, body.max_tokens, mark}, job);
  });
}

Result<http::Response> status(Services& services, Call& call) {
  CF_TRY(const TenantId tenant, tenant_of(call, "login"));
  const Sight sight =
      tenancy::may_change(call.principal, tenant) ? Sight::with_private : Sight::public_only;
  CF_TRY(std::string text, services.portfolios.status(call.context, tenant, sight));
  return json_text(200, std::move(text), "no-store");
}

Result<http::Response> models(Services& services, Call& call) {
  CF_TRY(const TenantId tenant, tenant_of(call, "login"));
  const Sight sight =
      tenancy::may_change(call.principal, tenant) ? Sight::with_private : Sight::public_only;
  CF_TRY(std::string text, services.portfolios.models(call.context, tenant, sight));
  return json_text(200, std::move(text), "no-store");
}

Result<int> whole_number(const http::Request& request, std::string_view name, int otherwise,
                         int most) {
  const auto text = request.find_query(name);
  if (!text) return otherwise;
  int number = 0;
  const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (failed != std::errc() || end != text->data() + text->size() || number < 1 || number > most)
    return Error(Code::invalid_argument,
                 std::string(name) + " must be a number from 1 to " + std::to_string(most));
  return number;
}

Result<http::Response> search(Services& services, Call& call) {
  CF_TRY(const TenantId tenant, tenant_of(call, "login"));
  SearchRequest request;
  request.query = std::string(call.request.find_query("q").value_or(""));
  if (request.query.empty()) return Error(Code::invalid_argument, "say what to search for: ?q=…");
  CF_TRY(request.limit, whole_number(call.request, "limit", request.limit, kResultsMax));
  CF_TRY(request.hits_per_repository,
         whole_number(call.request, "hits", request.hits_per_repository, kHitsMax));
  const auto explain = call.request.find_query("explain").value_or("false");
  if (explain != "true" && explain != "false")
    return Error(Code::invalid_argument, "explain must be true or false");
  if (explain == "true") request.explain = SearchRequest::Explain::yes;
  CF_TRY(request.sight, sight_of(call.principal, tenant, call.request.find_query("private")));
  CF_TRY(std::string text, services.portfolios.search(call.context, tenant, request));
  return json_text(200, std::move(text), cache_control_for(request.sight));
}

}  // namespace

void add_v1_routes(RouteTable& table) {
  using http::Method;
  const std::string portfolio = "/v1/portfolios/{login}";
  table.add(Method::get, portfolio, "v1_portfolio", Style::v1, get_portfolio);
  table.add(Method::get, portfolio + "/repositories/{name}", "v1_repository", Style::v1,
            get_repository);
  table.add(Method::post, portfolio + "/refresh", "v1_refresh", Style::v1, refresh);
  table.add(Method::post, portfolio + "/train", "v1_train", Style::v1, train);
  table.add(Method::get, portfolio + "/status", "v1_status", Style::v1, status);
  table.add(Method::get, portfolio + "/models", "v1_models", Style::v1, models);
  table.add(Method::get, portfolio + "/search", "v1_search", Style::v1, search);
}

}  // namespace cloudfolio::gateway

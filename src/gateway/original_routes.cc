// The original's routes, with the original's shapes (legacy clients and scripts hold them):
// starting a refresh, bundles, questions, surveys.

#include <optional>

#include "cache/keys.h"
#include "durable/client.h"
#include "gateway/caller.h"
#include "gateway/once.h"
#include "gateway/original_time.h"
#include "gateway/quota_answer.h"
#include "gateway/route_table.h"
#include "gateway/status_links.h"
#include "http/json_response.h"
#include "tenancy/login.h"

namespace cloudfolio::gateway {
namespace {

// The answer where nothing changed since the published bundle.
http::Response cached_answer(Services& services, const TenantId& tenant,
                             const PublishedBundle& bundle) {
  http::Response response = http::json_response(
      200,
      json::Object{{"status", "cached"},
                   {"message", "Using cached repository data (fingerprint match)"},
                   {"timestamp", naive_time(services.clock.wall_time())},
                   {"cache_key", cache::bundle_key(tenant)},
                   {"repos_count", bundle.repository_count},
                   {"bundle_fingerprint", bundle.fingerprint},
                   {"cache_info", json::Object{{"last_modified", aware_time(bundle.last_modified)},
                                               {"size_bytes", bundle.size_bytes},
                                               {"no_expiry", true}}}});
  response.headers.set("Cache-Control", "no-store");
  return response;
}

// Whom a body means: its `username`, else the caller's own tenant, else the configured default.
Result<TenantId> tenant_named(const Services& services, Call& call, const json::Object& body) {
  const auto* own = std::get_if<tenancy::TenantPrincipal>(&call.principal);
  Result<TenantId> tenant =
      Error(Code::invalid_argument, "Request body must contain 'username' field");
  if (const auto username = json::find_string(body, "username"))
    tenant = tenancy::tenant_from_login(*username);
  else if (json::find(body, "username") && !json::find(body, "username")->is_null())
    tenant = Error(Code::invalid_argument, "'username' must be a string");
  else if (own)
    tenant = own->tenant;
  else if (!services.options.default_login.empty())
    tenant = tenancy::tenant_from_login(services.options.default_login);
  if (tenant) {
    call.about = *tenant;
    call.context = call.context.for_tenant(*tenant);
  }
  return tenant;
}

// A webhook says that something changed; what, and whether, the refresh finds out itself.
Result<http::Response> start_by_webhook(Services& services, Call& call, const json::Object& body) {
  const json::Object* repository = json::find_object(body, "repository");
  const json::Object* owner = repository ? json::find_object(*repository, "owner") : nullptr;
  const auto login = owner ? json::find_string(*owner, "login") : std::nullopt;
  const auto name = repository ? json::find_string(*repository, "name") : std::nullopt;
  if (!login || !name)
    return Error(Code::invalid_argument,
                 "Invalid GitHub webhook payload: missing username or repo name");
  CF_TRY(const TenantId tenant, tenancy::tenant_from_login(*login));
  call.about = tenant;
  call.context = call.context.for_tenant(tenant);
  const auto& genuine = services.options.delivery_is_genuine;
  const auto signature = call.request.headers.find("X-Hub-Signature-256");
  if (genuine && signature) {
    if (!genuine(call.request.body, *signature))
      return Error(Code::unauthenticated, "the delivery's signature is not of the webhook secret");
  } else {
    CF_CHECK(check_may_change(call.principal, tenant));
  }
  // What was deleted comes back where somebody asks for it, not because of a push.
  if (services.options.administration != nullptr) {
    CF_TRY(const bool deleted, services.options.administration->is_deleted(call.context, tenant));
    if (deleted)
      return original_answer(
          json::Object{{"status", "ignored"}, {"message", "The data of this tenant were deleted"}},
          "no-store");
  }
  services.portfolios.called_as(call.context, tenant, *login, Portfolios::Wants::refresh);
  return once(services, call, tenant, Style::original,
              [&](const StartMark& mark, InstanceId& job) -> Result<http::Response> {
                CF_TRY(const RefreshStart start,
                       services.portfolios.start_refresh(call.context, tenant, Force::no, mark));
                job = start.instance;
                return check_status_answer(call.request, services.options, start.instance);
              });
}

Result<http::Response> start_refresh(Services& services, Call& call, const TenantId& tenant,
                                     Force force, const StartMark& mark, InstanceId& job) {
  if (force == Force::no) {
    // Where GitHub cannot be asked just now, the refresh waits for it; the caller does not.
    const auto unchanged = services.portfolios.find_unchanged(call.context, tenant);
    if (unchanged && *unchanged) return cached_answer(services, tenant, **unchanged);
  }
  auto start = services.portfolios.start_refresh(call.context, tenant, force, mark);
  if (!start)
    return refused_answer(services, call, tenant, Metered::refresh, Style::original,
                          std::move(start).error());
  job = start->instance;
  return check_status_answer(call.request, services.options, start->instance);
}

Result<http::Response> start_by_user(Services& services, Call& call, const json::Object& body) {
  CF_TRY(const TenantId tenant, tenant_named(services, call, body));
  CF_CHECK(check_may_change(call.principal, tenant));
  if (const auto username = json::find_string(body, "username"))
    services.portfolios.called_as(call.context, tenant, *username, Portfolios::Wants::refresh);
  const Force force =
      json::find_bool(body, "force_refresh").value_or(false) ? Force::yes : Force::no;
  return once(services, call, tenant, Style::original, [&](const StartMark& mark, InstanceId& job) {
    return start_refresh(services, call, tenant, force, mark, job);
  });
}

Result<http::Response> start_orchestrator(Services& services, Call& call) {
  const auto failed = [](Error error) {
    return Error(error.code(), "Failed to start orchestration: " + error.message());
  };
  auto body = body_of(call);
  if (!body) return failed(std::move(body).error());
  if (json::find(*body, "repository")) return start_by_webhook(services, call, *body);
  auto started = start_by_user(services, call, *body);
  if (!started) return failed(std::move(started).error());
  return started;
}

Result<http::Response> get_bundle(Services& services, Call& call) {
  CF_TRY(const TenantId tenant, tenant_of(call, "username"));
  const std::string shown(call.request.path_parameter("username"));
  services.portfolios.called_as(call.context, tenant, shown, Portfolios::Wants::read);
  auto page = services.pages.page(call.context, tenant, shown, BundlePages::Form::original);
  if (!page && page.error().code() == Code::not_found)
    return Error(Code::not_found, "No valid bundle found for '" + shown + "'");
  if (!page) return std::move(page).error();
  http::Headers headers{{"Content-Type", "application/json; charset=utf-8"},
                        {"Cache-Control", "public, max-age=900"},
                        {"ETag", page->etag}};
  if (matches_etag(call.request.headers.find("If-None-Match").value_or(""), page->etag))
    return http::Response{304, std::move(headers), {}};
  return http::Response{200, std::move(headers), page->body};
}

Result<http::Response> get_repository(Services& services, Call& call) {
  CF_TRY(const TenantId tenant, tenant_of(call, "username"));
  const std::string shown(call.request.path_parameter("username"));
  services.portfolios.called_as(call.context, tenant, shown, Portfolios::Wants::read);
  const std::string repo(call.request.path_parameter("repo"));
  auto text = services.portfolios.repository(call.context, tenant, repo, Sight::public_only);
  if (!text && text.error().code() == Code::not_found)
    return Error(Code::not_found,
                 "No valid repository data found for '" + repo + "' by user '" + shown + "'");
  if (!text) return std::move(text).error();
  const auto head = services.portfolios.bundle_head(call.context, tenant);
  // One that only the old app has, without a bundle.
  if (!head && head.error().code() != Code::not_found) return head.error();
  auto data = json::parse(*text);
  if (!data) return Error(Code::corrupt, "published repository: " + data.error().message());
  const auto fingerprint = json::find_string(*data, "fingerprint");
  return original_answer(json::Object{
      {"username", shown},
      {"repo", repo},
      {"fingerprint", fingerprint ? json::Value(*fingerprint) : json::Value(nullptr)},
      {"last_modified", head ? json::Value(aware_time(head->last_modified)) : json::Value(nullptr)},
      {"size_bytes", text->size()},
      {"data", *std::move(data)}});
}

// Nothing is published: is something on its way? The instance is looked up here; a URL that the
// caller names (status_query_url) is never fetched.
Result<http::Response> answer_without_bundle(Services& services, Call& call,
                                             const json::Object& body) {
  const auto instance = json::find_string(body, "instance_id");
  if (!instance)
    return Error(Code::invalid_argument,
                 "No repo context results available. Provide instance_id or wait for "
                 "orchestration.");
  CF_TRY(const auto state, services.instances.get(call.context, InstanceId(std::string(*instance)),
                                                  durable::Include::summary));
  if (state && state->status != durable::OrchestrationStatus::failed)
    return http::error_response(202, "Orchestration not completed or results unavailable");
  return Error(Code::not_found, state ? "The orchestration failed; start it again"
                                      : "No such orchestration: " + std::string(*instance));
}

Result<http::Response> ask(Services& services, Call& call) {
  CF_TRY(const json::Object body, body_of(call));
  const auto query = json::find_string(body, "query");
  if (!query || query->empty())
    return Error(Code::invalid_argument, "Request body must contain 'query' field");
  CF_TRY(const TenantId tenant, tenant_named(services, call, body));
  const auto asked = json::find_bool(body, "private");
  CF_TRY(
      const Sight sight,
      sight_of(call.principal, tenant,
               asked ? std::optional<std::string_view>(*asked ? "true" : "false") : std::nullopt));
  auto text = services.portfolios.answer(call.context, tenant, std::string(*query), sight);
  if (!text && text.error().code() == Code::not_found)
    return answer_without_bundle(services, call, body);
  if (!text)
    return Error(text.error().code(), "Failed to process query: " + text.error().message());
  auto answer = json::parse(*text);
  if (!answer) return Error(Code::internal, "answer: " + answer.error().message());
  return original_answer(*answer, "no-store");
}

// The original listed screenshots from a blob container of its author's. There are none here, and
// the page that asks shows an empty gallery.
Result<http::Response> list_surveys(Services&, Call& call) {
  const std::string_view theme = call.request.find_query("theme").value_or("all");
  if (theme != "light" && theme != "dark" && theme != "all")
    return Error(Code::invalid_argument, "theme must be 'light' or 'dark'");
  return original_answer(json::Object{{"count", 0}, {"theme", theme}, {"items", json::Array()}},
                         "public, max-age=600");
}

}  // namespace

void add_original_routes(RouteTable& table) {
  using http::Method;
  table.add(Method::post, "/api/orchestrator_start", "start", Style::original, start_orchestrator);
  table.add(Method::get, "/api/bundles/{username}", "bundle", Style::original, get_bundle);
  table.add(Method::get, "/api/bundles/{username}/{repo}", "bundle_repository", Style::original,
            get_repository);
  table.add(Method::post, "/api/ai", "ai", Style::original, ask);
  table.add(Method::get, "/api/surveys", "surveys", Style::original, list_surveys);
}

}  // namespace cloudfolio::gateway

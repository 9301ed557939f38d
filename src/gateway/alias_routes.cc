// What the first split of the original called a refresh and its status, and the answers to routes
// of its later drafts.

#include <array>

#include "base/time_text.h"
#include "durable/client.h"
#include "gateway/caller.h"
#include "gateway/once.h"
#include "gateway/quota_answer.h"
#include "gateway/route_table.h"
#include "gateway/status_links.h"
#include "http/json_response.h"
#include "http/url.h"

namespace cloudfolio::gateway {
namespace {

Result<http::Response> start_refresh(Services& services, Call& call, const TenantId& tenant,
                                     Force force, const StartMark& mark, InstanceId& job) {
  if (force == Force::no) {
    const auto unchanged = services.portfolios.find_unchanged(call.context, tenant);
    if (unchanged && *unchanged)
      return original_answer(
          json::Object{{"status", "cached"}, {"repos_count", (*unchanged)->repository_count}},
          "no-store");
  }
  const auto start = services.portfolios.start_refresh(call.context, tenant, force, mark);
  if (!start)
    return refused_answer(services, call, tenant, Metered::refresh, Style::original, start.error());
  job = start->instance;
  // How many repositories are read is known once the refresh has asked GitHub: see the status.
  return http::json_response(
      202, json::Object{{"status", "processing"},
                        {"job_id", start->instance.str()},
                        {"repos_queued", nullptr},
                        {"status_url",
                         "/api/bundles/" + http::percent_encode(tenant.str()) +
                             "/status?job_id=" + http::percent_encode(start->instance.str())}});
}

Result<http::Response> refresh(Services& services, Call& call) {
  CF_TRY(const TenantId tenant, tenant_of(call, "username"));
  CF_CHECK(check_may_change(call.principal, tenant));
  CF_TRY(const json::Object body, body_of(call));
  const Force force =
      json::find_bool(body, "force_refresh").value_or(false) ? Force::yes : Force::no;
  return once(services, call, tenant, Style::original, [&](const StartMark& mark, InstanceId& job) {
    return start_refresh(services, call, tenant, force, mark, job);
  });
}

std::string_view job_status(durable::OrchestrationStatus status) {
  switch (status) {
    case durable::OrchestrationStatus::pending:
      return "queued";
    case durable::OrchestrationStatus::running:
    case durable::OrchestrationStatus::continued_as_new:
    case durable::OrchestrationStatus::suspended:
      return "processing";
    case durable::OrchestrationStatus::completed:
      return "completed";
    case durable::OrchestrationStatus::failed:
    case durable::OrchestrationStatus::canceled:
    case durable::OrchestrationStatus::terminated:
      return "failed";
  }
  return "failed";
}

Result<http::Response> refresh_status(Services& services, Call& call) {
  CF_TRY(const TenantId tenant, tenant_of(call, "username"));
  const std::string own = "refresh:" + tenant.str();
  const std::string job(call.request.find_query("job_id").value_or(own));
  std::optional<durable::OrchestrationState> state;
  if (job == own) {
    CF_TRY(state, services.instances.get(call.context, InstanceId(job)));
  }
  if (!state) return Error(Code::not_found, "Job not found or expired");
  std::int64_t done = 0;
  std::int64_t total = 0;
  if (const auto progress = json::parse(state->custom_status)) {
    done = json::find_int(*progress, "done").value_or(0);
    total = json::find_int(*progress, "total").value_or(0);
  }
  const bool completed = state->status == durable::OrchestrationStatus::completed;
  const std::int64_t percentage = completed ? 100 : total > 0 ? done * 100 / total : 0;
  return original_answer(
      json::Object{{"job_id", job},
                   {"username", call.request.path_parameter("username")},
                   {"status", job_status(state->status)},
                   {"progress", json::Object{{"total", total},
                                             {"completed", completed ? total : done},
                                             {"percentage", percentage}}},
                   {"created_at", to_text(state->created)},
                   {"expected_repos", total},
                   {"queued_repos", total},
                   {"synced_repos", completed ? total : done}},
      "no-store");
}

struct Moved {
  std::string_view prefix;
  std::string_view instead;
};
// Drafts of the original that never replaced it, by the beginning of their paths.
constexpr std::array kMoved{
    Moved{"/api/candidate/", "/v1/portfolios/{login}, its /refresh, /status and /search"},
    Moved{"/api/session/", "/v1/portfolios/{login}"},
    Moved{"/api/github/repos", "/api/bundles/{username} or /v1/portfolios/{login}"},
    Moved{"/api/orchestrators/", "POST /api/orchestrator_start"},
    Moved{"/api/get-user-roles", "bearer tokens (auth.tokens)"},
    Moved{"/api/admin/", "/metrics"},
    Moved{"/api/user/", "/v1/portfolios/{login}/status"},
    Moved{"/v1/", "the routes that docs/formats/http-v1.md lists"},
};

}  // namespace

http::Response not_found_answer(const http::Request& request) {
  std::string message = "No such route: " + request.path;
  for (const Moved& moved : kMoved)
    if (request.path.starts_with(moved.prefix)) {
      message += "; use " + std::string(moved.instead);
      break;
    }
  const Style style = request.path.starts_with("/v1/") ? Style::v1 : Style::original;
  return error_answer(Error(Code::not_found, message), style, request.request_id);
}

void add_alias_routes(RouteTable& table) {
  using http::Method;
  table.add(Method::post, "/api/bundles/{username}/refresh", "bundle_refresh", Style::original,
            refresh);
  table.add(Method::get, "/api/bundles/{username}/status", "bundle_status", Style::original,
            refresh_status);
}

}  // namespace cloudfolio::gateway

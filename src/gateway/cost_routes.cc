// What it cost: the operators' view of the ledger.

#include "base/time_text.h"
#include "gateway/caller.h"
#include "gateway/route_table.h"
#include "tenancy/login.h"

namespace cloudfolio::gateway {
namespace {

constexpr std::chrono::hours kSinceDefault(30 * 24);

Result<Clock::WallTime> since_of(const http::Request& request, Clock::WallTime now) {
  const auto text = request.find_query("since");
  if (!text) return now - kSinceDefault;
  const auto time =
      text->size() == 10 ? time_from(std::string(*text) + "T00:00:00Z") : time_from(*text);
  if (!time) return Error(Code::invalid_argument, "since must be a day such as 2026-01-31");
  return *time;
}

Result<http::Response> costs(Services& services, Call& call) {
  CF_CHECK(must_be_operator(call.principal));
  if (!services.options.costs)
    return Error(Code::not_found, "no ledger of costs is kept by this server");
  std::optional<TenantId> tenant;
  if (const auto login = call.request.find_query("login")) {
    CF_TRY(tenant, tenancy::tenant_from_login(*login));
  }
  CF_TRY(const Clock::WallTime since, since_of(call.request, services.clock.wall_time()));
  CF_TRY(std::string text, services.options.costs(call.context, tenant, since));
  return json_text(200, std::move(text), "no-store");
}

}  // namespace

void add_cost_routes(RouteTable& table) {
  table.add(http::Method::get, "/v1/admin/costs", "v1_admin_costs", Style::v1, costs);
}

}  // namespace cloudfolio::gateway

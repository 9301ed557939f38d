// What operators ask of a move from the old app: how often both sides say the same.

#include "gateway/caller.h"
#include "gateway/route_table.h"

namespace cloudfolio::gateway {
namespace {

Result<http::Response> shadow_report(Services& services, Call& call) {
  CF_CHECK(must_be_operator(call.principal));
  if (services.shadow == nullptr)
    return Error(Code::not_found, "nothing is compared: gateway.upstream is not set");
  return json_text(200, services.shadow->report(), "no-store");
}

}  // namespace

void add_canary_routes(RouteTable& table) {
  table.add(http::Method::get, "/v1/admin/shadow", "v1_shadow", Style::v1, shadow_report);
}

}  // namespace cloudfolio::gateway

// What an operator, and a tenant about itself, may ask about usage, quotas and deletion:
// docs/operating/tenants.md.

#include "gateway/administration.h"
#include "gateway/caller.h"
#include "gateway/route_table.h"
#include "http/json_response.h"
#include "tenancy/login.h"
#include "tenancy/meter.h"
#include "tenancy/tenant_settings.h"

namespace cloudfolio::gateway {
namespace {

Result<Administration*> administration_of(Services& services) {
  if (services.options.administration != nullptr) return services.options.administration;
  return Error(Code::unavailable, "this process keeps no accounts");
}

Result<http::Response> get_all_usage(Services& services, Call& call) {
  CF_CHECK(must_be_operator(call.principal));
  CF_TRY(Administration* const administration, administration_of(services));
  std::optional<TenantId> tenant;
  if (const auto login = call.request.find_query("login")) {
    CF_TRY(tenant, tenancy::tenant_from_login(*login));
    call.about = *tenant;
  }
  const bool verify = call.request.find_query("verify").value_or("false") == "true";
  CF_TRY(std::string text, verify ? administration->verify_usage(call.context, tenant)
                                  : administration->usage(call.context, tenant));
  return json_text(200, std::move(text), "no-store");
}

Result<http::Response> get_own_usage(Services& services, Call& call) {
  CF_TRY(const TenantId tenant, tenant_of(call, "login"));
  CF_CHECK(check_may_change(call.principal, tenant));
  CF_TRY(Administration* const administration, administration_of(services));
  CF_TRY(std::string text, administration->usage(call.context, tenant));
  return json_text(200, std::move(text), "no-store");
}

Result<http::Response> get_settings(Services& services, Call& call) {
  CF_TRY(const TenantId tenant, tenant_of(call, "login"));
  CF_CHECK(check_may_change(call.principal, tenant));
  CF_TRY(Administration* const administration, administration_of(services));
  CF_TRY(std::string text, administration->settings(call.context, tenant));
  return json_text(200, std::move(text), "no-store");
}

// {"training.include_private": true}. An operator runs the place and does not own the text: where
// tenants have tokens, only the tenant's own allows what the text is used for.
Result<http::Response> put_settings(Services& services, Call& call) {
  CF_TRY(const TenantId tenant, tenant_of(call, "login"));
  CF_CHECK(check_may_change(call.principal, tenant));
  CF_TRY(Administration* const administration, administration_of(services));
  CF_TRY(const json::Object body, body_of(call));
  const auto value = json::find_bool(body, tenancy::kIncludePrivate);
  if (!value || body.size() != 1)
    return Error(Code::invalid_argument,
                 "the settings are {\"training.include_private\": true or false}");
  if (*value && !services.tokens.empty() && tenancy::is_operator(call.principal))
    return Error(Code::permission_denied,
                 "only " + tenant.str() + "'s own token allows training on private text");
  CF_TRY(std::string text,
         administration->set_include_private(call.context, tenant,
                                             *value ? IncludePrivate::yes : IncludePrivate::no,
                                             tenancy::to_string(call.principal)));
  return json_text(200, std::move(text), "no-store");
}

// {"orchestrations": 60, "trainings": null}: null is the default again.
Result<http::Response> put_quotas(Services& services, Call& call) {
  CF_CHECK(must_be_operator(call.principal));
  CF_TRY(const TenantId tenant, tenant_of(call, "login"));
  CF_TRY(Administration* const administration, administration_of(services));
  CF_TRY(const json::Object body, body_of(call));
  if (body.empty())
    return Error(Code::invalid_argument, "say which quota: {\"orchestrations\": 60}");
  for (const auto& [meter, value] : body) {
    if (!tenancy::meter_from(meter))
      return Error(Code::invalid_argument, "no such quota: '" + std::string(meter) + "'");
    if (!value.is_null() && json::as_int(value).value_or(-1) < 0)
      return Error(Code::invalid_argument,
                   "'" + std::string(meter) + "' must be a whole number or null");
  }
  std::string text;
  for (const auto& [meter, value] : body) {
    const auto amount = json::as_int(value);
    CF_TRY(text, administration->set_quota(call.context, tenant, std::string(meter), amount));
  }
  return json_text(200, std::move(text), "no-store");
}

Result<http::Response> delete_tenant(Services& services, Call& call) {
  CF_CHECK(must_be_operator(call.principal));
  CF_TRY(const TenantId tenant, tenant_of(call, "login"));
  CF_TRY(Administration* const administration, administration_of(services));
  CF_TRY(std::string receipt, administration->delete_tenant(call.context, tenant));
  return json_text(200, std::move(receipt), "no-store");
}

}  // namespace

void add_admin_routes(RouteTable& table) {
  using http::Method;
  table.add(Method::get, "/v1/admin/usage", "v1_admin_usage", Style::v1, get_all_usage);
  table.add(Method::get, "/v1/portfolios/{login}/usage", "v1_usage", Style::v1, get_own_usage);
  const std::string settings = "/v1/portfolios/{login}/settings";
  table.add(Method::get, settings, "v1_settings", Style::v1, get_settings);
  table.add(Method::put, settings, "v1_settings_change", Style::v1, put_settings);
  table.add(Method::put, "/v1/admin/tenants/{login}/quotas", "v1_admin_quotas", Style::v1,
            put_quotas);
  table.add(Method::delete_, "/v1/admin/tenants/{login}", "v1_admin_tenant", Style::v1,
            delete_tenant);
}

}  // namespace cloudfolio::gateway

// Feature flags, for operators: docs/operating/flags.md, docs/formats/http-v1.md.

#include "flags/definition.h"
#include "flags/report.h"
#include "gateway/caller.h"
#include "gateway/route_table.h"
#include "json/fields.h"
#include "tenancy/login.h"

namespace cloudfolio::gateway {
namespace {

struct ChangeBody {
  std::string value;
  std::string tenant;
  std::string by;
  std::string reason;
  static constexpr auto fields() {
    return std::tuple{
        json::Required{"value", &ChangeBody::value, "on, off, default, or a share such as 25%."},
        json::Field{"tenant", &ChangeBody::tenant, "Only this login's value."},
        json::Required{"by", &ChangeBody::by, "Who changes it."},
        json::Required{"reason", &ChangeBody::reason, "Why."}};
  }
};

struct RearmBody {
  std::string by;
  std::string reason;
  static constexpr auto fields() {
    return std::tuple{json::Required{"by", &RearmBody::by, "Who re-arms it."},
                      json::Required{"reason", &RearmBody::reason, "Why."}};
  }
};

Status check_here(const Services& services, const Call& call) {
  CF_CHECK(must_be_operator(call.principal));
  if (services.options.flags && services.options.flag_store) return Done{};
  return Error(Code::unavailable, "this process keeps no feature flags");
}

Result<std::string> flag_of(const Call& call) {
  std::string name(call.request.path_parameter("flag"));
  if (flags::find_definition(name)) return name;
  return Error(Code::not_found, flags::get_definition(name).error().message());
}

template <class Body>
Result<Body> read_body(const Call& call) {
  CF_TRY(const json::Object object, body_of(call));
  auto body = json::from_json<Body>(json::Value(object));
  if (!body) return std::move(body).error().while_doing("request body");
  return body;
}

http::Response present(const Services& services) {
  return json_text(200, flags::to_json(services.options.flags->view()), "no-store");
}

// The change holds in this process when the answer leaves, in the others within two seconds.
Result<http::Response> after_change(Services& services, const Call& call) {
  const Status read = services.options.flags->refresh(call.context);
  if (!read) services.log.warn(call.context, "flags.not_read", {{"error", read.error()}});
  return present(services);
}

Result<http::Response> list(Services& services, Call& call) {
  CF_CHECK(check_here(services, call));
  return present(services);
}

Result<http::Response> change(Services& services, Call& call) {
  CF_CHECK(check_here(services, call));
  CF_TRY(const std::string flag, flag_of(call));
  CF_TRY(const ChangeBody body, read_body<ChangeBody>(call));
  CF_TRY(const flags::Share share, flags::share_from(body.value));
  const flags::Author author{body.by, body.reason};
  if (body.tenant.empty()) {
    CF_CHECK(services.options.flag_store->set(call.context, flag, share, author));
  } else {
    CF_TRY(const TenantId tenant, tenancy::tenant_from_login(body.tenant));
    CF_CHECK(services.options.flag_store->set_tenant(call.context, flag, tenant, share, author));
  }
  return after_change(services, call);
}

Result<http::Response> rearm(Services& services, Call& call) {
  CF_CHECK(check_here(services, call));
  CF_TRY(const std::string flag, flag_of(call));
  CF_TRY(const RearmBody body, read_body<RearmBody>(call));
  CF_CHECK(services.options.flag_store->rearm(call.context, flag, {body.by, body.reason}));
  return after_change(services, call);
}

Result<http::Response> history(Services& services, Call& call) {
  CF_CHECK(check_here(services, call));
  CF_TRY(const std::string flag, flag_of(call));
  CF_TRY(const auto entries, services.options.flag_store->history(call.context, flag));
  return json_text(200, flags::to_json(entries), "no-store");
}

}  // namespace

void add_flag_routes(RouteTable& table) {
  using http::Method;
  const std::string one = "/v1/admin/flags/{flag}";
  table.add(Method::get, "/v1/admin/flags", "v1_flags", Style::v1, list);
  table.add(Method::put, one, "v1_flag", Style::v1, change);
  table.add(Method::post, one + "/rearm", "v1_flag_rearm", Style::v1, rearm);
  table.add(Method::get, one + "/history", "v1_flag_history", Style::v1, history);
}

}  // namespace cloudfolio::gateway

// The operators' view of trainings and workers.

#include "gateway/caller.h"
#include "gateway/route_table.h"
#include "gateway/trainings.h"
#include "json/json.h"
#include "tenancy/login.h"

namespace cloudfolio::gateway {
namespace {

Result<Trainings*> trainings_of(Services& services, const Call& call) {
  CF_CHECK(must_be_operator(call.principal));
  if (services.options.trainings == nullptr)
    return Error(Code::not_found, "this server does not tell about trainings");
  return services.options.trainings;
}

InstanceId instance_of(const Call& call) {
  return InstanceId(std::string(call.request.path_parameter("instance")));
}

Result<http::Response> list(Services& services, Call& call) {
  CF_TRY(Trainings* const trainings, trainings_of(services, call));
  std::optional<TenantId> tenant;
  if (const auto login = call.request.find_query("login")) {
    CF_TRY(tenant, tenancy::tenant_from_login(*login));
  }
  CF_TRY(std::string text, trainings->list(call.context, tenant));
  return json_text(200, std::move(text), "no-store");
}

Result<http::Response> show(Services& services, Call& call) {
  CF_TRY(Trainings* const trainings, trainings_of(services, call));
  CF_TRY(std::string text, trainings->show(call.context, instance_of(call)));
  return json_text(200, std::move(text), "no-store");
}

Result<http::Response> logs(Services& services, Call& call) {
  CF_TRY(Trainings* const trainings, trainings_of(services, call));
  CF_TRY(const std::string text, trainings->logs(call.context, instance_of(call)));
  return json_text(200, json::write(json::Object{{"log", text}}), "no-store");
}

Result<http::Response> accepted(const Call& call) {
  return json_text(202, json::write(json::Object{{"id", instance_of(call).str()}}), "no-store");
}

Result<http::Response> cancel(Services& services, Call& call) {
  CF_TRY(Trainings* const trainings, trainings_of(services, call));
  CF_CHECK(trainings->cancel(call.context, instance_of(call)));
  return accepted(call);
}

Result<http::Response> retry(Services& services, Call& call) {
  CF_TRY(Trainings* const trainings, trainings_of(services, call));
  CF_CHECK(trainings->retry(call.context, instance_of(call)));
  return accepted(call);
}

}  // namespace

void add_training_routes(RouteTable& table) {
  using http::Method;
  const std::string one = "/v1/admin/trainings/{instance}";
  table.add(Method::get, "/v1/admin/trainings", "v1_admin_trainings", Style::v1, list);
  table.add(Method::get, one, "v1_admin_training", Style::v1, show);
  table.add(Method::get, one + "/logs", "v1_admin_training_logs", Style::v1, logs);
  table.add(Method::post, one + "/cancel", "v1_admin_training_cancel", Style::v1, cancel);
  table.add(Method::post, one + "/retry", "v1_admin_training_retry", Style::v1, retry);
}

}  // namespace cloudfolio::gateway

#include "roles/remote_session.h"

#include <utility>

#include "base/time_text.h"
#include "http/client.h"
#include "http/url.h"
#include "json/json.h"
#include "tenancy/tenant_settings.h"

namespace cloudfolio::roles {
namespace {

Code code_of_status(int status) {
  switch (status) {
    case 400:
      return Code::invalid_argument;
    case 401:
      return Code::unauthenticated;
    case 403:
      return Code::permission_denied;
    case 404:
      return Code::not_found;
    case 409:
      return Code::conflict;
    case 429:
      return Code::quota_exceeded;
    case 503:
      return Code::unavailable;
    case 504:
      return Code::deadline_exceeded;
    default:
      return Code::internal;
  }
}

// The server's own error: {"error": message, "code": …} or {"error": {"code", "message"}}.
Error error_of(const http::Response& response) {
  Code code = code_of_status(response.status);
  std::string message = "the server answered " + std::to_string(response.status);
  if (const auto body = json::parse(response.body.view())) {
    const json::Object* nested = json::find_object(*body, "error");
    const auto text = nested != nullptr ? json::find_string(*nested, "message")
                                        : json::find_string(*body, "error");
    const auto name =
        nested != nullptr ? json::find_string(*nested, "code") : json::find_string(*body, "code");
    if (text) message = std::string(*text);
    if (name) code = code_from(*name);
  }
  return Error(code, message);
}

std::string text_of(const json::Value* value) {
  if (value == nullptr || value->is_null()) return {};
  if (value->is_string()) return std::string(json::view(value->get_string()));
  return json::write(*value);
}

class RemoteSession final : public Session,
                            private gateway::Portfolios,
                            private gateway::Administration,
                            private gateway::Trainings {
 public:
  RemoteSession(std::string url, Secret token, std::unique_ptr<http::Client> client)
      : url_(std::move(url)), token_(std::move(token)), client_(std::move(client)) {}

  gateway::Portfolios& portfolios() override { return *this; }
  gateway::Administration& administration() override { return *this; }
  gateway::Trainings& trainings() override { return *this; }
  std::string place() const override { return url_; }

  Result<std::optional<JobView>> find_job(const Context& ctx, const InstanceId& id) override {
    auto got = get(ctx, "/runtime/webhooks/durabletask/instances/" +
                            http::percent_encode(id.str()) + "?showOutput=report");
    if (!got && got.error().code() == Code::not_found) return std::optional<JobView>();
    if (!got) return std::move(got).error();
    CF_TRY(const auto body, json::parse(*got));
    JobView job;
    job.status = json::find_string(body, "runtimeStatus").value_or("");
    job.custom_status = text_of(json::find(body, "customStatus"));
    job.output = text_of(json::find(body, "output"));
    if (job.status == "Failed") {
      const json::Object* failure = json::find_object(body, "failure");
      const auto code = failure == nullptr ? std::nullopt : json::find_string(*failure, "code");
      const auto message =
          failure == nullptr ? std::nullopt : json::find_string(*failure, "message");
      job.failure = Error(code ? code_from(*code) : Code::internal,
                          message ? std::string(*message) : job.output);
    }
    return std::optional(std::move(job));
  }

 private:
  static std::string shown(gateway::Sight sight) {
    return sight == gateway::Sight::with_private ? "true" : "false";
  }
  static std::string path_of(const TenantId& tenant) {
    return "/v1/portfolios/" + http::percent_encode(tenant.str());
  }

  Result<std::string> send(const Context& ctx, http::ClientRequest request) {
    if (!token_.empty()) request.headers.set("Authorization", "Bearer " + token_.reveal());
    CF_TRY(const auto response, client_->send(ctx, request));
    if (response.status >= 300) return error_of(response);
    return std::string(response.body.view());
  }

  Result<std::string> get(const Context& ctx, const std::string& path_and_query) {
    http::ClientRequest request;
    request.url = url_ + path_and_query;
    return send(ctx, std::move(request));
  }

  Result<std::string> post(const Context& ctx, const std::string& path, const json::Value& body) {
    http::ClientRequest request;
    request.method = http::Method::post;
    request.url = url_ + path;
    request.headers.set("Content-Type", "application/json");
    request.body = json::write(body);
    return send(ctx, std::move(request));
  }

  Result<gateway::RefreshStart> start_refresh(const Context& ctx, const TenantId& tenant,
                                              gateway::Force force,
                                              const gateway::StartMark&) override {
    CF_TRY(const auto text,
           post(ctx, path_of(tenant) + "/refresh", {{"force", force == gateway::Force::yes}}));
    CF_TRY(const auto body, json::parse(text));
    gateway::RefreshStart start;
    start.instance = InstanceId(std::string(json::find_string(body, "id").value_or("")));
    const auto outcome = json::find_string(body, "outcome").value_or("started");
    if (outcome == "joined") start.outcome = gateway::RefreshStart::Outcome::joined;
    if (outcome == "successor_queued") {
      start.outcome = gateway::RefreshStart::Outcome::successor_queued;
    }
    return start;
  }

  Result<std::optional<gateway::PublishedBundle>> find_unchanged(const Context&,
                                                                 const TenantId&) override {
    return std::optional<gateway::PublishedBundle>();  // The server decides that by itself.
  }

  Result<InstanceId> start_training(const Context& ctx, const TenantId& tenant,
                                    const gateway::TrainRequest& request) override {
    json::Object body;
    if (request.steps_max) body["max_steps"] = *request.steps_max;
    if (request.tokens_max) body["max_tokens"] = *request.tokens_max;
    CF_TRY(const auto text, post(ctx, path_of(tenant) + "/train", std::move(body)));
    CF_TRY(const auto answer, json::parse(text));
    return InstanceId(std::string(json::find_string(answer, "id").value_or("")));
  }

  Result<gateway::PublishedBundle> bundle(const Context& ctx, const TenantId& tenant) override {
    CF_TRY(const auto text, get(ctx, path_of(tenant)));
    CF_TRY(const auto body, json::parse(text));
    gateway::PublishedBundle bundle;
    bundle.generation = static_cast<std::uint64_t>(json::find_int(body, "generation").value_or(0));
    bundle.fingerprint = json::find_string(body, "fingerprint").value_or("");
    bundle.size_bytes = static_cast<std::uint64_t>(json::find_int(body, "size_bytes").value_or(0));
    const auto modified = time_from(json::find_string(body, "last_modified").value_or(""));
    bundle.last_modified = modified.value_or(Clock::WallTime());
    if (const json::Array* data = json::find_array(body, "data")) {
      bundle.repository_count = data->size();
      bundle.data = std::make_shared<const std::string>(json::write(*data));
    }
    return bundle;
  }

  Result<gateway::PublishedBundle> bundle_head(const Context& ctx,
                                               const TenantId& tenant) override {
    return bundle(ctx, tenant);
  }

  Result<std::string> repository(const Context& ctx, const TenantId& tenant,
                                 const std::string& name, gateway::Sight sight) override {
    return get(ctx, path_of(tenant) + "/repositories/" + http::percent_encode(name) +
                        "?private=" + shown(sight));
  }

  Result<std::string> search(const Context& ctx, const TenantId& tenant,
                             const gateway::SearchRequest& request) override {
    return get(ctx, path_of(tenant) + "/search?" +
                        http::build_query(
                            {{"q", request.query},
                             {"limit", std::to_string(request.limit)},
                             {"hits", std::to_string(request.hits_per_repository)},
                             {"private", shown(request.sight)},
                             {"explain", request.explain == gateway::SearchRequest::Explain::yes
                                             ? "true"
                                             : "false"}}));
  }

  Result<std::string> answer(const Context& ctx, const TenantId& tenant,
                             const std::string& question, gateway::Sight sight) override {
    return post(ctx, "/api/ai",
                {{"query", question},
                 {"username", tenant.str()},
                 {"private", sight == gateway::Sight::with_private}});
  }

  // The server shows what its own caller may see.
  Result<std::string> status(const Context& ctx, const TenantId& tenant, gateway::Sight) override {
    return get(ctx, path_of(tenant) + "/status");
  }

  Result<std::string> models(const Context& ctx, const TenantId& tenant, gateway::Sight) override {
    return get(ctx, path_of(tenant) + "/models");
  }

  Result<std::string> health(const Context& ctx) override { return get(ctx, "/api/health"); }

  // --- Administration ---

  static std::string admin_path_of(const TenantId& tenant) {
    return "/v1/admin/tenants/" + http::percent_encode(tenant.str());
  }
  Result<std::string> usage(const Context& ctx, const std::optional<TenantId>& tenant) override {
    return get(ctx, tenant ? path_of(*tenant) + "/usage" : "/v1/admin/usage");
  }
  Result<std::string> verify_usage(const Context& ctx,
                                   const std::optional<TenantId>& tenant) override {
    return get(ctx, "/v1/admin/usage?verify=true" +
                        (tenant ? "&login=" + http::percent_encode(tenant->str()) : ""));
  }
  Result<std::string> set_quota(const Context& ctx, const TenantId& tenant,
                                const std::string& meter,
                                std::optional<std::int64_t> amount) override {
    json::Object body;
    body[meter] = amount ? json::Value(*amount) : json::Value(nullptr);
    http::ClientRequest request;
    request.method = http::Method::put;
    request.url = url_ + admin_path_of(tenant) + "/quotas";
    request.headers.set("Content-Type", "application/json");
    request.body = json::write(body);
    return send(ctx, std::move(request));
  }
  Result<std::string> settings(const Context& ctx, const TenantId& tenant) override {
    return get(ctx, path_of(tenant) + "/settings");
  }
  // The server knows by whom.
  Result<std::string> set_include_private(const Context& ctx, const TenantId& tenant,
                                          gateway::IncludePrivate value,
                                          const std::string&) override {
    json::Object body;
    body[tenancy::kIncludePrivate] = value == gateway::IncludePrivate::yes;
    http::ClientRequest request;
    request.method = http::Method::put;
    request.url = url_ + path_of(tenant) + "/settings";
    request.headers.set("Content-Type", "application/json");
    request.body = json::write(body);
    return send(ctx, std::move(request));
  }
  Result<std::string> delete_tenant(const Context& ctx, const TenantId& tenant) override {
    http::ClientRequest request;
    request.method = http::Method::delete_;
    request.url = url_ + admin_path_of(tenant);
    return send(ctx, std::move(request));
  }
  Result<bool> is_deleted(const Context& ctx, const TenantId& tenant) override {
    CF_TRY(const auto text, usage(ctx, tenant));
    CF_TRY(const auto shown, json::parse_object(text));
    const auto state = json::find_string(shown, "state").value_or("live");
    return state == "deleted" || state == "deleting";
  }
  Result<std::optional<gateway::QuotaState>> quota(const Context&, const TenantId&,
                                                   gateway::Metered) override {
    return std::optional<gateway::QuotaState>();  // The server says it in its answers.
  }

  // --- Trainings ---

  static std::string training_path_of(const InstanceId& instance) {
    return "/v1/admin/trainings/" + http::percent_encode(instance.str());
  }
  Result<std::string> list(const Context& ctx, const std::optional<TenantId>& tenant) override {
    return get(ctx, "/v1/admin/trainings" +
                        (tenant ? "?login=" + http::percent_encode(tenant->str()) : ""));
  }
  Result<std::string> show(const Context& ctx, const InstanceId& instance) override {
    return get(ctx, training_path_of(instance));
  }
  Status cancel(const Context& ctx, const InstanceId& instance) override {
    CF_CHECK(post(ctx, training_path_of(instance) + "/cancel", json::Object{}));
    return Done{};
  }
  Status retry(const Context& ctx, const InstanceId& instance) override {
    CF_CHECK(post(ctx, training_path_of(instance) + "/retry", json::Object{}));
    return Done{};
  }
  Result<std::string> logs(const Context& ctx, const InstanceId& instance) override {
    CF_TRY(const auto text, get(ctx, training_path_of(instance) + "/logs"));
    CF_TRY(const auto body, json::parse_object(text));
    return std::string(json::find_string(body, "log").value_or(""));
  }

  const std::string url_;
  const Secret token_;
  const std::unique_ptr<http::Client> client_;
};

}  // namespace

std::unique_ptr<Session> open_remote_session(std::string url, Secret token,
                                             std::unique_ptr<http::Client> client) {
  return std::make_unique<RemoteSession>(std::move(url), std::move(token), std::move(client));
}

}  // namespace cloudfolio::roles

#include "roles/status_report.h"

#include "base/time_text.h"
#include "gateway/instance_view.h"
#include "json/json.h"

namespace cloudfolio::roles {
namespace {

constexpr std::size_t kTrainingsShownMax = 5;

json::Value parsed_or_null(const std::string& text) {
  auto value = json::parse(text);
  return value ? *std::move(value) : json::Value();
}

json::Value published(const Context& ctx, const cache::TenantCache& tenant) {
  const auto info = tenant.publication_info(ctx);
  if (!info) {
    if (info.error().code() == Code::not_found) return nullptr;
    return {
        {"error", {{"code", to_string(info.error().code())}, {"message", info.error().message()}}}};
  }
  return {{"generation", info->generation},
          {"fingerprint", info->fingerprint},
          {"content_fingerprint", info->content},
          {"model", info->index.key.empty() ? "" : info->index.model},
          {"coverage", info->index.coverage},
          {"last_modified", to_text(info->last_modified)},
          {"size_bytes", info->size_bytes}};
}

// {"phase", "done", "total", …} of the activity that runs now, else of the orchestration.
json::Value progress_of(const Context& ctx, const TenantId& tenant,
                        const durable::OrchestrationState& state, ProgressBoard& board) {
  if (!durable::is_terminal(state.status)) {
    if (const auto report = board.find(ctx, tenant, state.instance)) return parsed_or_null(*report);
  }
  return parsed_or_null(state.custom_status);
}

json::Value job(const Context& ctx, const TenantId& tenant,
                const durable::OrchestrationState& state, ProgressBoard& board,
                gateway::Sight sight) {
  json::Object shown;
  shown["instance"] = state.instance.str();
  shown["name"] = state.name;
  shown["status"] = durable::to_string(state.status);
  shown["started"] = to_text(state.created);
  shown["updated"] = to_text(state.updated);
  const json::Value progress = progress_of(ctx, tenant, state, board);
  if (const auto* fields = progress.if_object()) {
    for (const auto& [name, value] : *fields) shown[name] = value;
  }
  // Text of a failure may name what the run worked on, which may be private.
  const bool whole = sight == gateway::Sight::with_private;
  if (state.failure) {
    shown["error"] = {{"code", state.failure->type},
                      {"message", whole ? state.failure->message
                                        : "whoever may change the portfolio is told why"}};
  }
  if (state.stalled && whole) shown["stalled"] = *state.stalled;
  return shown;
}

// Of the public text, or behind "private:" of the other.
Status add_jobs(const Context& ctx, const TenantId& tenant, const std::string& prefix,
                durable::Client& client, ProgressBoard& board, gateway::Sight sight,
                json::Array& shown) {
  for (const char* kind : {"refresh:", "index:"}) {
    CF_TRY(const auto state, client.get(ctx, InstanceId(prefix + kind + tenant.str())));
    if (state) shown.push_back(job(ctx, tenant, *state, board, sight));
  }
  durable::QueryFilter trainings;
  trainings.id_prefix = prefix + "train:" + tenant.str() + ":";
  trainings.include = durable::Include::payloads;
  CF_TRY(const auto page, client.query(ctx, trainings, kTrainingsShownMax));
  for (const auto& state : page.instances) shown.push_back(job(ctx, tenant, state, board, sight));
  return Done{};
}

bool is_away(const Error& error) {
  return error.code() == Code::unavailable || error.code() == Code::deadline_exceeded;
}

Result<json::Value> last_sync(const Context& ctx, const cache::TenantCache& tenant) {
  CF_TRY(const auto report, tenant.find_sync_report(ctx));
  return report ? parsed_or_null(*report) : json::Value();
}

}  // namespace

Result<std::string> status_report(const Context& ctx, const cache::TenantCache& tenant,
                                  const StatusParts& parts) {
  const bool with_private = parts.sight == gateway::Sight::with_private;
  json::Object report;
  report["login"] = tenant.tenant().str();
  report["published"] = published(ctx, tenant);
  json::Array jobs;
  Status told = Done{};
  if (parts.client != nullptr)
    told = add_jobs(ctx, tenant.tenant(), "", *parts.client, parts.progress, parts.sight, jobs);
  if (told && parts.client != nullptr && with_private)
    told = add_jobs(ctx, tenant.tenant(), "private:", *parts.client, parts.progress, parts.sight,
                    jobs);
  // What is published is there also while nobody can say what runs.
  if (!told && !is_away(told.error())) return told.error();
  if (!told)
    report["problem"] = told.error().message();
  else if (!parts.problem.empty())
    report["problem"] = parts.problem;
  report["jobs"] = std::move(jobs);
  CF_TRY(report["last_sync"], last_sync(ctx, tenant));
  if (!with_private) gateway::hide_costs(report["last_sync"]);
  if (with_private) report["private"] = nullptr;
  if (parts.own) {
    CF_TRY(json::Value own_sync, last_sync(ctx, *parts.own));
    report["private"] = {{"published", published(ctx, *parts.own)},
                         {"last_sync", std::move(own_sync)}};
  }
  report["last_training"] = nullptr;
  if (const auto info = tenant.publication_info(ctx); info && !info->content.empty()) {
    const auto record = tenant.find_model_record(ctx, info->content);
    if (record && *record) report["last_training"] = parsed_or_null((*record)->report);
    if (!with_private) gateway::hide_costs(report["last_training"]);
  }
  return json::write(report);
}

}  // namespace cloudfolio::roles

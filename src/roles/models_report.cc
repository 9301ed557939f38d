#include "roles/models_report.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "gateway/instance_view.h"
#include "json/json.h"

namespace cloudfolio::roles {
namespace {

// Fingerprints that may have a record, each once.
std::vector<std::string> known_fingerprints(const cache::PublicationInfo& info) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& fingerprint) {
    const bool named = !fingerprint.empty() && fingerprint != cache::kBaseModelName;
    if (named && std::find(out.begin(), out.end(), fingerprint) == out.end()) {
      out.push_back(fingerprint);
    }
  };
  add(info.content);
  add(info.index.model);
  if (info.previous) add(info.previous->model);
  return out;
}

}  // namespace

Result<std::string> models_report(const Context& ctx, const cache::TenantCache& tenant,
                                  gateway::Sight sight) {
  CF_TRY(const cache::PublicationInfo info, tenant.publication_info(ctx));
  json::Object answer;
  answer["login"] = tenant.tenant().str();
  answer["answers"] = info.index.model;
  json::Array models;
  for (const std::string& fingerprint : known_fingerprints(info)) {
    CF_TRY(const auto record, tenant.find_model_record(ctx, fingerprint));
    if (!record) continue;
    json::Object model;
    model["fingerprint"] = record->fingerprint;
    model["trained_at"] = record->training_timestamp;
    model["published"] = record->published;
    model["reason"] = record->reason;
    model["answers"] = info.index.model == fingerprint;
    model["previous"] = info.previous && info.previous->model == fingerprint;
    auto report = json::parse(record->report);
    json::Value shown = report ? *std::move(report) : json::Value();
    if (sight != gateway::Sight::with_private) gateway::hide_costs(shown);
    model["report"] = std::move(shown);
    models.push_back(std::move(model));
  }
  answer["models"] = std::move(models);
  return json::write(answer);
}

}  // namespace cloudfolio::roles

#include "cache/model_record.h"

#include "cache/envelope.h"
#include "cache/keys.h"
#include "json/json.h"

namespace cloudfolio::cache {

std::string to_json(const ModelRecord& record) {
  json::Object object;
  object["storage_type"] = "blob";
  object["container"] = "github-cache";
  object["blob_name"] = model_archive_key(record.fingerprint);
  object["fingerprint"] = record.fingerprint;
  object["training_timestamp"] = record.training_timestamp;
  object["training_repos_count"] = record.repo_names.size();
  json::Array names;
  for (const std::string& name : record.repo_names) names.emplace_back(name);
  object["repo_names"] = std::move(names);
  object["published"] = record.published;
  object["reason"] = record.reason;
  auto report = json::parse_object(record.report);
  object["report"] = report ? *std::move(report) : json::Object();
  return write_ascii(object);
}

Result<ModelRecord> model_record_from_json(std::string_view text) {
  auto object = json::parse_object(text);
  if (!object) return Error(Code::corrupt, "not a model's record: " + object.error().message());
  ModelRecord record;
  record.fingerprint = json::find_string(*object, "fingerprint").value_or("");
  if (!is_fingerprint(record.fingerprint))
    return Error(Code::corrupt, "a model's record without fingerprint");
  record.training_timestamp = json::find_string(*object, "training_timestamp").value_or("");
  if (const auto* names = json::find_array(*object, "repo_names"))
    for (const json::Value& value : *names)
      if (const auto name = json::as_string(value)) record.repo_names.emplace_back(*name);
  // The original wrote a record only of a model that it used.
  record.published = json::find_bool(*object, "published").value_or(true);
  record.reason = json::find_string(*object, "reason").value_or("");
  if (const auto* report = json::find_object(*object, "report"))
    record.report = json::write(*report);
  return record;
}

}  // namespace cloudfolio::cache

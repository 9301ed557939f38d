#include "cache/legacy/old_messages.h"

#include "base/time_text.h"
#include "cache/envelope.h"
#include "crypto/encoding.h"
#include "json/json.h"

namespace cloudfolio::cache {

namespace {

std::string text_of(const json::Object& object, std::string_view key) {
  return std::string(json::find_string(object, key).value_or(""));
}

// A list of names, or the number of them that some versions wrote in the same place.
std::vector<std::string> names_of(const json::Object& object, std::string_view key) {
  std::vector<std::string> names;
  if (const auto* array = json::find_array(object, key))
    for (const json::Value& value : *array) {
      if (const auto name = json::as_string(value)) names.emplace_back(*name);
      if (const auto named = json::find_string(value, "name")) names.emplace_back(*named);
    }
  return names;
}

Result<json::Object> object_of(std::string_view body) {
  auto plain = json::parse_object(body);
  if (plain) return plain;
  if (const auto decoded = crypto::from_base64(body)) {
    auto object = json::parse_object(*decoded);
    if (object) return object;
  }
  return Error(Code::corrupt, "an old message is neither JSON nor JSON in base64");
}

OldSyncMessage sync_message(const json::Object& object) {
  OldSyncMessage message;
  message.schema_version = text_of(object, "schema_version");
  message.job_id = text_of(object, "job_id");
  message.username = text_of(object, "username");
  message.repo_name = text_of(object, "repo_name");
  message.fingerprint = text_of(object, "fingerprint");
  // The first version sent the repository in an object.
  for (const char* key : {"repo", "metadata"})
    if (const auto* repository = json::find_object(object, key)) {
      if (message.repo_name.empty()) message.repo_name = text_of(*repository, "name");
      if (message.fingerprint.empty()) message.fingerprint = text_of(*repository, "fingerprint");
    }
  message.default_branch = text_of(object, "default_branch");
  message.trace_id = text_of(object, "trace_id");
  message.queued_at = old_time(text_of(object, "queued_at"));
  return message;
}

OldMergeMessage merge_message(const json::Object& object) {
  OldMergeMessage message;
  message.job_id = text_of(object, "job_id");
  message.username = text_of(object, "username");
  for (const char* key : {"synced_repos", "fresh_repos", "repo_names"})
    if (message.synced_repos.empty()) message.synced_repos = names_of(object, key);
  message.trigger_source = text_of(object, "trigger_source");
  return message;
}

OldTrainingMessage training_message(const json::Object& object) {
  OldTrainingMessage message;
  message.job_id = text_of(object, "job_id");
  message.username = text_of(object, "username");
  message.bundle_cache_key = text_of(object, "bundle_cache_key");
  message.bundle_fingerprint = text_of(object, "bundle_fingerprint");
  message.repo_names = names_of(object, "repo_names");
  if (message.repo_names.empty()) message.repo_names = names_of(object, "repos_bundle");
  if (const auto* params = json::find_object(object, "training_params")) {
    message.batch_size = json::find_int(*params, "batch_size").value_or(message.batch_size);
    message.epochs = json::find_int(*params, "epochs").value_or(message.epochs);
  }
  message.experiment_name = text_of(object, "experiment_name");
  return message;
}

}  // namespace

Result<OldMessage> read_old_message(std::string_view queue, std::string_view body) {
  const bool sync = queue == kOldSyncQueue || queue == kOldCacheQueue;
  if (!sync && queue != kOldMergeQueue && queue != kOldTrainingQueue)
    return Error(Code::invalid_argument, "'" + std::string(queue) + "' is no queue of the old app");
  CF_TRY(const json::Object object, object_of(body));
  if (text_of(object, "username").empty())
    return Error(Code::corrupt, "an old message of '" + std::string(queue) + "' names no user");
  if (sync) return OldMessage(sync_message(object));
  if (queue == kOldMergeQueue) return OldMessage(merge_message(object));
  return OldMessage(training_message(object));
}

std::string old_job_key(std::string_view job_id) {
  return "job:" + std::string(job_id);
}

Result<OldJob> read_old_job(std::string_view body) {
  CF_TRY(const Unwrapped unwrapped, unwrap(body));
  const auto* object = unwrapped.data.if_object();
  if (!object) return Error(Code::corrupt, "an old job's record is no JSON object");
  OldJob job;
  job.job_id = text_of(*object, "job_id");
  job.username = text_of(*object, "username");
  job.status = text_of(*object, "status");
  job.expected_repos = json::find_int(*object, "expected_repos")
                           .value_or(json::find_int(*object, "total_repos").value_or(0));
  job.queued_repos = json::find_int(*object, "queued_repos").value_or(0);
  job.synced_repos = names_of(*object, "synced_repos");
  job.completed_repos = json::find_int(*object, "completed_repos")
                            .value_or(static_cast<std::int64_t>(job.synced_repos.size()));
  job.bundle_fingerprint = text_of(*object, "bundle_fingerprint");
  job.created_at = old_time(text_of(*object, "created_at"));
  return job;
}

std::optional<Clock::WallTime> old_time(std::string_view text) {
  if (const auto time = time_from(text)) return time;
  std::string plain(text);
  for (std::size_t i = plain.find('T'); i < plain.size(); ++i) {
    if (plain[i] == '-') plain[i] = ':';
    if (plain[i] == '_') plain[i] = '+';
  }
  return time_from(plain);
}

}  // namespace cloudfolio::cache

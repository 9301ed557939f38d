#include "durable/queued/activity_results.h"

#include "durable/failure.h"
#include "json/json.h"
#include "storage/rules.h"

namespace cloudfolio::durable {
namespace {

constexpr char kKind[] = "activity_result";

storage::BlobKey key_of(const ResultMessage& task) {
  const std::string tenant = task.tenant.empty() ? "-" : task.tenant;
  return storage::BlobKey(tenant + "/" + task.execution + "/" + std::to_string(task.task));
}

std::string body_of(const Result<std::string>& result) {
  json::Object object;
  if (result) {
    object["output"] = *result;
  } else {
    object["error"] = std::string(to_string(result.error().code()));
    object["message"] = result.error().message();
  }
  return json::write(object);
}

Result<ActivityOutcome> outcome_of(std::string_view body) {
  CF_TRY(const auto object, json::parse_object(body));
  if (const auto output = json::find_string(object, "output"))
    return ActivityOutcome{std::string(*output), {}};
  const auto code = json::find_string(object, "error");
  if (!code) return Error(Code::corrupt, "a kept result says neither output nor error");
  return ActivityOutcome{
      Error(code_from(*code), std::string(json::find_string(object, "message").value_or(""))), {}};
}

}  // namespace

ResultMessage result_message_of(const ActivityInfo& info) {
  const auto tenant = info.tags.find("tenant");
  return {.tenant = tenant == info.tags.end() ? std::string() : tenant->second,
          .execution = info.execution_id,
          .task = info.task_id};
}

Status ActivityResultStore::keep(const Context& ctx, const ResultMessage& task,
                                 const Result<std::string>& result) {
  storage::PutOptions options;
  options.condition = storage::Nothing{};
  options.content_type = "application/json";
  options.metadata = {{"kind", kKind}};
  if (!task.tenant.empty()) {
    options.metadata["username"] = storage::to_metadata_value(task.tenant);
  }
  const auto put = blobs_.put(ctx, key_of(task), body_of(result), options);
  if (put || put.error().code() == Code::conflict) return Done{};
  return put.error();
}

Result<std::optional<ActivityOutcome>> ActivityResultStore::find(const Context& ctx,
                                                                 const ResultMessage& task) {
  const auto blob = blobs_.get(ctx, key_of(task));
  if (!blob && blob.error().code() == Code::not_found) return std::optional<ActivityOutcome>();
  if (!blob) return blob.error();
  CF_TRY(auto outcome, outcome_of(blob->bytes));
  outcome.kept_at = blob->properties.last_modified;
  return std::optional(std::move(outcome));
}

Result<std::string> ActivityResultStore::sweep(const Context& ctx,
                                               const std::string& continuation) {
  storage::ListOptions options;
  options.continuation = continuation;
  options.max_count = kResultSliceCount;
  CF_TRY(const auto page, blobs_.list(ctx, options));
  const auto oldest = clock_.wall_time() - kResultKeptFor;
  for (const storage::BlobEntry& entry : page.entries) {
    if (entry.properties.last_modified < oldest) CF_CHECK(blobs_.remove(ctx, entry.key, {}));
  }
  return page.continuation;
}

}  // namespace cloudfolio::durable

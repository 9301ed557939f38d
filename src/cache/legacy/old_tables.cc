#include "cache/legacy/old_tables.h"

#include "base/time_text.h"
#include "cache/bundle_json.h"
#include "cache/legacy/old_messages.h"
#include "json/json.h"
#include "storage/storage.h"

namespace cloudfolio::cache {

namespace {

std::string text_in(const storage::Entity& row, const std::string& name) {
  const auto found = row.values.find(name);
  if (found == row.values.end()) return {};
  const auto* text = std::get_if<std::string>(&found->second);
  return text ? *text : std::string();
}

// A boolean, or the text of one.
bool flag_in(const storage::Entity& row, const std::string& name) {
  const auto found = row.values.find(name);
  if (found == row.values.end()) return false;
  if (const auto* flag = std::get_if<bool>(&found->second)) return *flag;
  const std::string text = text_in(row, name);
  return text == "true" || text == "True";
}

json::Value json_in(const storage::Entity& row, const std::string& name) {
  auto parsed = json::parse(text_in(row, name));
  return parsed ? *std::move(parsed) : json::Value();
}

bool is_filled(const json::Value& value) {
  const auto* object = value.if_object();
  return object && !object->empty();
}

Result<std::vector<storage::Entity>> partition_of(const Context& ctx, storage::Storage& store,
                                                  std::string_view table, std::string_view key) {
  CF_TRY(storage::Table* const opened, store.table(table));
  std::vector<storage::Entity> rows;
  storage::TableQuery query;
  query.partition = std::string(key);
  do {
    CF_TRY(storage::TablePage page, opened->query(ctx, query));
    for (storage::Entity& row : page.entities) rows.push_back(std::move(row));
    query.continuation = page.continuation;
  } while (!query.continuation.empty());
  return rows;
}

std::optional<Clock::WallTime> time_in(const storage::Entity& row, const std::string& name) {
  const auto found = row.values.find(name);
  if (found == row.values.end()) return std::nullopt;
  if (const auto* time = std::get_if<Clock::WallTime>(&found->second)) return *time;
  return old_time(text_in(row, name));
}

}  // namespace

OldSession old_session(const storage::Entity& row) {
  OldSession session;
  session.username = row.key.partition;
  session.job_id = row.key.row;
  session.status = text_in(row, "status");
  session.bundle_fingerprint = text_in(row, "bundle_fingerprint");
  session.model_status = text_in(row, "model_status");
  session.model_fingerprint = text_in(row, "model_fingerprint");
  const json::Value synced = json_in(row, "synced_repos");
  if (const auto* array = synced.if_array())
    for (const json::Value& value : *array)
      if (const auto name = json::as_string(value)) session.synced_repos.emplace_back(*name);
  session.created_at = time_in(row, "created_at");
  if (!session.created_at) session.created_at = time_in(row, "created");
  return session;
}

RepositoryEntry old_repository(const storage::Entity& row) {
  // The columns in the bundle's form; what a column has goes before what the document says.
  json::Object object;
  if (json::Value document = json_in(row, "document"); is_filled(document))
    object = std::move(document.as_object());
  for (const char* column : {"metadata", "languages", "categorized_types"})
    if (json::Value value = json_in(row, column); is_filled(value))
      object[column] = std::move(value);
  if (!json::find_string(object, "name")) object["name"] = row.key.row;
  if (!json::find_string(object, "readme"))
    if (const std::string excerpt = text_in(row, "readme_excerpt"); !excerpt.empty())
      object["readme"] = excerpt;
  if (const std::string fingerprint = text_in(row, "fingerprint"); !fingerprint.empty())
    object["fingerprint"] = fingerprint;
  if (!json::find_bool(object, "has_documentation"))
    object["has_documentation"] = flag_in(row, "has_documentation");
  auto entry = read_entry(object);
  return entry ? *std::move(entry) : RepositoryEntry();
}

OldModelRow old_model_row(const storage::Entity& row) {
  return {row.key.partition, row.key.row, text_in(row, "blob_name")};
}

Result<Bundle> bundle_of_old_tables(const Context& ctx, storage::Storage& store,
                                    std::string_view username) {
  CF_TRY(const auto rows, partition_of(ctx, store, "RepoMetadata", username));
  Bundle bundle;
  for (const storage::Entity& row : rows) {
    RepositoryEntry entry = old_repository(row);
    if (!entry.name.empty()) bundle.repositories.push_back(std::move(entry));
  }
  sort_by_name(bundle);
  return bundle;
}

Result<std::vector<OldSession>> old_sessions(const Context& ctx, storage::Storage& store,
                                             std::string_view username) {
  std::vector<OldSession> sessions;
  for (const char* table : {"CandidateSessions", "JobMetadata"}) {
    CF_TRY(const auto rows, partition_of(ctx, store, table, username));
    for (const storage::Entity& row : rows) sessions.push_back(old_session(row));
  }
  return sessions;
}

}  // namespace cloudfolio::cache

#include "cache/legacy/old_entries.h"

#include "cache/entry_metadata.h"
#include "cache/envelope.h"
#include "cache/keys.h"
#include "cache/legacy/spellings.h"
#include "cache/store.h"
#include "tenancy/login.h"

namespace cloudfolio::cache {

namespace {

Result<std::optional<storage::Blob>> find_valid(const Context& ctx, const Store& store,
                                                const std::string& key) {
  auto blob = store.blobs().get(ctx, storage::BlobKey(key));
  if (!blob && blob.error().code() == Code::not_found) return std::optional<storage::Blob>();
  if (!blob) return std::move(blob).error();
  if (is_expired(blob->properties.metadata, store.clock().wall_time()))
    return std::optional<storage::Blob>();
  return std::optional<storage::Blob>(*std::move(blob));
}

bool is_owned_by(const RepositoryEntry& entry, const TenantId& tenant) {
  const auto owner = tenancy::tenant_from_login(entry.metadata.owner.login);
  return owner && *owner == tenant;
}

// Login and repository as the original joins them.
std::vector<std::string> old_keys(std::string_view login, std::string_view repository) {
  std::string safe(repository);
  for (char& c : safe)
    if (c == '/' || c == ' ') c = '_';
  const std::string both = std::string(login) + "_" + safe;
  return {"repo_level_bundle_" + both, "repo_context_" + both};
}

}  // namespace

Result<bool> adopt_old_bundle(const Context& ctx, const Store& store, const TenantId& tenant,
                              std::string_view spelling) {
  if (!is_spelling_of(tenant, spelling)) return false;
  const auto own = store.blobs().head(ctx, storage::BlobKey(bundle_key(tenant)));
  if (own) return false;
  if (own.error().code() != Code::not_found) return own.error();
  CF_TRY(auto blob, find_valid(ctx, store, old_bundle_key(spelling)));
  if (!blob) return false;
  const auto owner = blob->properties.metadata.find("username");
  if (owner != blob->properties.metadata.end() && owner->second != tenant.str()) return false;
  CF_TRY(const Unwrapped unwrapped, unwrap(blob->bytes));
  if (!unwrapped.data.is_array())
    return Error(Code::corrupt, "'" + old_bundle_key(spelling) + "' is no JSON array");
  EntryLabel label{EntryKind::bundle, tenant, {}, 0, {}};
  if (const auto fingerprint = blob->properties.metadata.find("fingerprint");
      fingerprint != blob->properties.metadata.end())
    label.fingerprint = fingerprint->second;
  const auto etag =
      store.write_json(ctx, label, bundle_key(tenant), std::move(blob->bytes), storage::Nothing{});
  // Somebody published meanwhile: better.
  if (!etag && etag.error().code() != Code::conflict) return etag.error();
  return true;
}

Result<std::optional<RepositoryEntry>> find_old_repository(const Context& ctx, const Store& store,
                                                           const TenantId& tenant,
                                                           std::string_view name) {
  std::vector<std::string> logins{tenant.str()};
  CF_TRY(const auto noted, noted_spellings(ctx, store.blobs(), tenant));
  for (const std::string& spelling : noted)
    if (is_spelling_of(tenant, spelling)) logins.push_back(spelling);
  const bool ambiguous = tenant.str().find('_') != std::string::npos;
  for (const std::string& login : logins) {
    std::vector<std::string> keys{old_repository_key(login, name),
                                  still_older_repository_key(login, name)};
    if (ambiguous)
      for (std::string& key : old_keys(login, name)) keys.push_back(std::move(key));
    for (const std::string& key : keys) {
      CF_TRY(const auto blob, find_valid(ctx, store, key));
      if (!blob) continue;
      CF_TRY(const Unwrapped unwrapped, unwrap(blob->bytes));
      if (!unwrapped.data.is_object()) continue;
      CF_TRY(RepositoryEntry entry, entry_from_json(json::write(unwrapped.data)));
      // (a, b_c) and (a_b, c) are one key of the original: the owner tells.
      const bool foreign = !entry.metadata.owner.login.empty() && !is_owned_by(entry, tenant);
      if (foreign || (ambiguous && entry.metadata.owner.login.empty())) continue;
      return std::optional<RepositoryEntry>(std::move(entry));
    }
  }
  return std::optional<RepositoryEntry>();
}

Result<std::optional<OldModel>> find_old_model(const Context& ctx, const Store& store) {
  CF_TRY(const auto blob, find_valid(ctx, store, kGlobalModelSlotKey));
  if (!blob) return std::optional<OldModel>();
  CF_TRY(const Unwrapped unwrapped, unwrap(blob->bytes));
  OldModel model;
  model.container = json::find_string(unwrapped.data, "container").value_or("ai-models");
  model.fingerprint = json::find_string(unwrapped.data, "fingerprint").value_or("");
  if (!is_fingerprint(model.fingerprint))
    return Error(Code::corrupt, "the global model slot names no fingerprint");
  model.blob_name = json::find_string(unwrapped.data, "blob_name").value_or("");
  if (model.blob_name.empty()) model.blob_name = model_archive_key(model.fingerprint);
  model.training_timestamp = json::find_string(unwrapped.data, "training_timestamp").value_or("");
  const auto count = json::find_int(unwrapped.data, "training_repos_count").value_or(0);
  model.training_repos_count = count > 0 ? static_cast<std::uint64_t>(count) : 0;
  if (const auto* names = json::find_array(unwrapped.data, "repo_names"))
    for (const json::Value& value : *names)
      if (const auto name = json::as_string(value)) model.repo_names.emplace_back(*name);
  return std::optional<OldModel>(std::move(model));
}

}  // namespace cloudfolio::cache

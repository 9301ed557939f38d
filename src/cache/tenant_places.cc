#include "cache/tenant_places.h"

#include <algorithm>
#include <array>

#include "cache/guarded_blobs.h"
#include "cache/keys.h"

namespace cloudfolio::cache {

namespace {

constexpr char kPrivatePrefix[] = "private/";
constexpr char kPrivateBundlePrefix[] = "repos_private_context_";
constexpr char kModelPrefix[] = "model_";
constexpr const char* kSpelledFamilies[] = {"repos_bundle_context_", "repo_level_bundle_",
                                            "repo_context_"};

// repos_private_context_{login}_: as repository_key() writes the login.
std::string private_bundles_of(const TenantId& tenant) {
  const std::string names = repository_key(tenant, "");
  constexpr std::string_view kBefore = "repo_level_bundle_";
  return kPrivateBundlePrefix + names.substr(kBefore.size());
}
std::string private_entries_of(const TenantId& tenant) {
  return kPrivatePrefix + tenant.str() + "/";
}

// Prefixes below which everything is this tenant's.
std::array<std::string, 5> own_prefixes(const TenantId& tenant) {
  return {generations_prefix(tenant), repository_key(tenant, ""), older_repository_key(tenant, ""),
          private_bundles_of(tenant), private_entries_of(tenant)};
}
std::array<std::string, 3> own_keys(const TenantId& tenant) {
  return {bundle_key(tenant), sync_state_key(tenant), sync_report_key(tenant)};
}

// A key of the original in which the login may have any spelling, as if it had ours.
std::string folded(std::string key) {
  for (const std::string_view family : kSpelledFamilies) {
    if (!key.starts_with(family)) continue;
    const bool whole = family == kSpelledFamilies[0];  // Nothing follows the login.
    for (std::size_t i = family.size(); i < key.size() && (whole || key[i] != '_'); ++i)
      if (key[i] >= 'A' && key[i] <= 'Z') key[i] = static_cast<char>(key[i] - 'A' + 'a');
  }
  return key;
}

bool is_bundle(const TenantId& tenant, const std::string& key) {
  return key == bundle_key(tenant) || key.starts_with(private_bundles_of(tenant));
}

storage::Metadata moved_metadata(const TenantId& from, const TenantId& to,
                                 storage::Metadata metadata) {
  for (auto& [name, value] : metadata) {
    if (name == "username" && value == from.str()) value = to.str();
    if (value.starts_with(generations_prefix(from)) || value.starts_with(private_entries_of(from)))
      value = moved_key(from, to, value);
  }
  return metadata;
}

Status copy_entry(const Context& ctx, storage::BlobStore& blobs, const TenantId& from,
                  const TenantId& to, const storage::BlobKey& key) {
  CF_TRY(storage::Blob blob, blobs.get(ctx, key));
  storage::PutOptions options;
  options.metadata = moved_metadata(from, to, std::move(blob.properties.metadata));
  options.content_type = blob.properties.content_type;
  options.content_encoding = blob.properties.content_encoding;
  CF_CHECK(blobs.put(ctx, storage::BlobKey(moved_key(from, to, key.str())), std::move(blob.bytes),
                     options));
  return Done{};
}

}  // namespace

std::vector<std::string> prefixes_of(const TenantId& tenant) {
  std::vector<std::string> prefixes{kModelPrefix, kGlobalModelSlotKey};
  // The original's keys keep the login's letters as its callers typed them.
  const char first = tenant.str().empty() ? '-' : tenant.str().front();
  for (const char* family : kSpelledFamilies) {
    prefixes.push_back(family + std::string(1, first));
    if (first >= 'a' && first <= 'z')
      prefixes.push_back(family + std::string(1, static_cast<char>(first - 'a' + 'A')));
  }
  for (std::string& key : own_keys(tenant))
    if (key != bundle_key(tenant)) prefixes.push_back(std::move(key));
  prefixes.push_back(generations_prefix(tenant));
  prefixes.push_back(private_bundles_of(tenant));
  prefixes.push_back(private_entries_of(tenant));
  return prefixes;
}

bool belongs_to(const TenantId& tenant, const storage::BlobEntry& entry) {
  const TenantId owner = owner_of(entry.properties.metadata);
  if (!owner.empty()) return owner == tenant;
  const std::string key = folded(entry.key.str());
  for (const std::string& own : own_keys(tenant))
    if (key == own) return true;
  for (const std::string& prefix : own_prefixes(tenant))
    if (key.starts_with(folded(prefix))) return true;
  return false;
}

Status for_each_entry(const Context& ctx, storage::BlobStore& blobs, const TenantId& tenant,
                      const std::function<Status(const storage::BlobEntry&)>& visit) {
  for (const std::string& prefix : prefixes_of(tenant)) {
    storage::ListOptions options;
    options.prefix = prefix;
    do {
      CF_TRY(const storage::BlobPage page, blobs.list(ctx, options));
      for (const storage::BlobEntry& entry : page.entries) {
        if (!belongs_to(tenant, entry)) continue;
        CF_CHECK(visit(entry));
      }
      options.continuation = page.continuation;
    } while (!options.continuation.empty());
  }
  return Done{};
}

Result<std::vector<tenancy::UsageLedger::Entry>> counted_entries(const Context& ctx,
                                                                 storage::BlobStore& blobs,
                                                                 const TenantId& tenant) {
  std::vector<tenancy::UsageLedger::Entry> entries;
  CF_CHECK(for_each_entry(ctx, blobs, tenant, [&](const storage::BlobEntry& entry) -> Status {
    if (owner_of(entry.properties.metadata) == tenant)
      entries.push_back({entry.key.str(), storage_class_of(entry.properties.metadata),
                         static_cast<std::int64_t>(entry.properties.size_bytes)});
    return Done{};
  }));
  return entries;
}

std::string moved_key(const TenantId& from, const TenantId& to, const std::string& key) {
  const auto old_keys = own_keys(from);
  const auto new_keys = own_keys(to);
  for (std::size_t i = 0; i < old_keys.size(); ++i)
    if (key == old_keys[i]) return new_keys[i];
  const auto old_prefixes = own_prefixes(from);
  const auto new_prefixes = own_prefixes(to);
  for (std::size_t i = 0; i < old_prefixes.size(); ++i)
    if (key.starts_with(old_prefixes[i]))
      return new_prefixes[i] + key.substr(old_prefixes[i].size());
  return key;  // Named by its content: models.
}

Result<std::size_t> move_entries(const Context& ctx, storage::BlobStore& blobs,
                                 const TenantId& from, const TenantId& to) {
  std::vector<storage::BlobKey> keys;
  CF_CHECK(for_each_entry(ctx, blobs, from, [&](const storage::BlobEntry& entry) -> Status {
    keys.push_back(entry.key);
    return Done{};
  }));
  // Copies of what bundles name, then the bundles, then nothing is left at the old place.
  const auto bundles = std::stable_partition(
      keys.begin(), keys.end(),
      [&](const storage::BlobKey& key) { return !is_bundle(from, key.str()); });
  for (const storage::BlobKey& key : keys) CF_CHECK(copy_entry(ctx, blobs, from, to, key));
  std::rotate(keys.begin(), bundles, keys.end());
  for (const storage::BlobKey& key : keys) {
    if (moved_key(from, to, key.str()) == key.str()) continue;
    CF_CHECK(blobs.remove(ctx, key, {}));
  }
  return keys.size();
}

}  // namespace cloudfolio::cache

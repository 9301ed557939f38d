#include "cache/legacy/shared_writes.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "cache/envelope.h"
#include "cache/fingerprint.h"
#include "cache/keys.h"
#include "cache/legacy/spellings.h"
#include "cache/store.h"
#include "crypto/hash.h"
#include "json/json.h"

namespace cloudfolio::cache {

namespace {

constexpr int kAttemptsMax = 8;
// The original may be downloading the archive that the slot named before.
constexpr std::chrono::hours kOldArchiveGrace{24};
constexpr char kData[] = "data_sha256";  // Of the entry without its envelope, which has the time.

std::string text_of(const storage::Metadata& metadata, const std::string& name) {
  const auto found = metadata.find(name);
  return found == metadata.end() ? "" : found->second;
}

std::uint64_t generation_in(const storage::Metadata& metadata) {
  const std::string text = text_of(metadata, "generation");
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Result<std::map<std::string, storage::BlobProperties>> list_all(const Context& ctx,
                                                                storage::BlobStore& blobs,
                                                                const std::string& prefix) {
  std::map<std::string, storage::BlobProperties> found;
  storage::ListOptions options;
  options.prefix = prefix;
  do {
    CF_TRY(storage::BlobPage page, blobs.list(ctx, options));
    for (storage::BlobEntry& entry : page.entries)
      found.emplace(entry.key.str(), std::move(entry.properties));
    options.continuation = page.continuation;
  } while (!options.continuation.empty());
  return found;
}

Result<std::optional<storage::BlobProperties>> head(const Context& ctx, storage::BlobStore& blobs,
                                                    const std::string& key) {
  auto properties = blobs.head(ctx, storage::BlobKey(key));
  if (properties) return std::optional(*std::move(properties));
  if (properties.error().code() == Code::not_found) return std::optional<storage::BlobProperties>();
  return std::move(properties).error();
}

// Puts `data` where nothing newer of ours stands; `there` is what a listing showed. The label's
// generation and digest decide.
Status put_newest(const Context& ctx, const Store& store, EntryLabel label, const std::string& key,
                  const std::string& data, std::optional<storage::BlobProperties> there) {
  label.more[kData] = crypto::sha256_hex(data);
  for (int attempt = 1;; ++attempt) {
    storage::PutIf condition = storage::Nothing{};
    if (there) {
      if (generation_in(there->metadata) > label.generation) return Done{};
      if (text_of(there->metadata, kData) == label.more[kData]) return Done{};
      condition = storage::Matches{there->etag};
    }
    const auto etag =
        store.write_json(ctx, label, key, wrap(data, store.clock().wall_time()), condition);
    if (etag) return Done{};
    if (etag.error().code() != Code::conflict || attempt == kAttemptsMax) return etag.error();
    CF_TRY(there, head(ctx, store.blobs(), key));
  }
}

class OldForms {
 public:
  OldForms(const Store& store, const TenantId& tenant, const PublicationInfo& info,
           const Bundle& bundle)
      : store_(store), tenant_(tenant), info_(info), bundle_(bundle) {}

  Status write_repositories(const Context& ctx, const std::string& spelling) const {
    const std::string prefix = old_repository_key(spelling, "");
    CF_TRY(auto there, list_all(ctx, store_.blobs(), prefix));
    for (const RepositoryEntry& entry : bundle_.repositories) {
      const std::string key = old_repository_key(spelling, entry.name);
      const EntryLabel label{
          EntryKind::old_repository, tenant_, entry.fingerprint, info_.generation, {}};
      const auto found = there.find(key);
      CF_CHECK(put_newest(
          ctx, store_, label, key, to_json(entry),
          found == there.end() ? std::nullopt : std::optional(std::move(found->second))));
      if (found != there.end()) there.erase(found);
    }
    return remove(ctx, there);
  }

  Status write_bundle(const Context& ctx, const std::string& spelling) const {
    const std::string key = old_bundle_key(spelling);
    const EntryLabel label{EntryKind::old_bundle, tenant_, info_.fingerprint, info_.generation, {}};
    CF_TRY(auto there, head(ctx, store_.blobs(), key));
    return put_newest(ctx, store_, label, key, to_json(bundle_), std::move(there));
  }

  // Of a login that the tenant had before a rename.
  Status remove_all(const Context& ctx, const std::string& spelling) const {
    CF_TRY(auto there, list_all(ctx, store_.blobs(), old_repository_key(spelling, "")));
    CF_TRY(auto bundle, head(ctx, store_.blobs(), old_bundle_key(spelling)));
    if (bundle) there.emplace(old_bundle_key(spelling), *std::move(bundle));
    return remove(ctx, there);
  }

 private:
  // Only what we wrote, for this tenant, with an earlier publication.
  Status remove(const Context& ctx,
                const std::map<std::string, storage::BlobProperties>& litter) const {
    for (const auto& [key, properties] : litter) {
      const std::string kind = text_of(properties.metadata, "kind");
      if (kind != to_string(EntryKind::old_repository) && kind != to_string(EntryKind::old_bundle))
        continue;
      if (text_of(properties.metadata, "username") != tenant_.str()) continue;
      if (generation_in(properties.metadata) >= info_.generation) continue;
      const Status removed = store_.remove(ctx, key, storage::Matches{properties.etag});
      if (!removed && removed.error().code() != Code::conflict) return removed;
    }
    return Done{};
  }

  const Store& store_;
  const TenantId& tenant_;
  const PublicationInfo& info_;
  const Bundle& bundle_;
};

// GitHub's own spelling, which most callers use.
std::string spelling_of_github(const TenantId& tenant, const Bundle& bundle) {
  for (const RepositoryEntry& entry : bundle.repositories)
    if (is_spelling_of(tenant, entry.metadata.owner.login)) return entry.metadata.owner.login;
  return {};
}

std::string slot_json(const std::string& fingerprint, const ModelRecord& record) {
  json::Object slot;
  slot["storage_type"] = "blob";
  slot["container"] = "github-cache";
  slot["blob_name"] = model_archive_key(fingerprint);
  slot["fingerprint"] = fingerprint;
  slot["training_timestamp"] = record.training_timestamp;
  slot["training_repos_count"] = record.repo_names.size();
  json::Array names;
  for (const std::string& name : record.repo_names) names.emplace_back(name);
  slot["repo_names"] = std::move(names);
  return write_ascii(slot);
}

// Archives that the slot named before.
Status remove_old_archives(const Context& ctx, const Store& store, const TenantId& tenant,
                           const std::string& current) {
  CF_TRY(const auto archives, list_all(ctx, store.blobs(), "model_"));
  const Clock::WallTime before = store.clock().wall_time() - kOldArchiveGrace;
  for (const auto& [key, properties] : archives) {
    if (key == current || properties.last_modified > before) continue;
    if (text_of(properties.metadata, "kind") != to_string(EntryKind::old_model)) continue;
    if (text_of(properties.metadata, "username") != tenant.str()) continue;
    const Status removed = store.remove(ctx, key, storage::Matches{properties.etag});
    if (!removed && removed.error().code() != Code::conflict) return removed;
  }
  return Done{};
}

}  // namespace

Status write_for_old_app(const Context& ctx, const Store& store, const TenantId& tenant,
                         const PublicationInfo& info, const Bundle& bundle) {
  const OldForms forms(store, tenant, info, bundle);
  if (const std::string spelling = spelling_of_github(tenant, bundle); !spelling.empty())
    CF_CHECK(note_spelling(ctx, store, tenant, spelling));
  CF_CHECK(forms.write_repositories(ctx, tenant.str()));
  CF_TRY(const auto spellings, noted_spellings(ctx, store.blobs(), tenant));
  for (const std::string& spelling : spellings) {
    if (!is_spelling_of(tenant, spelling)) {
      CF_CHECK(forms.remove_all(ctx, spelling));
      continue;
    }
    CF_CHECK(forms.write_repositories(ctx, spelling));
    CF_CHECK(forms.write_bundle(ctx, spelling));
  }
  return forget_foreign_spellings(ctx, store, tenant);
}

Status write_model_slot(const Context& ctx, const Store& store, const TenantCache& tenant,
                        const ModelRecord& record) {
  CF_TRY(const Publication publication, tenant.read_publication(ctx));
  if (publication.info.content != record.fingerprint) return Done{};
  const std::string fingerprint = old_content_fingerprint(*publication.bundle);
  CF_TRY(std::string zip, tenant.read_model(ctx, record.fingerprint));
  const std::string archive = model_archive_key(fingerprint);
  const EntryLabel model{EntryKind::old_model, tenant.tenant(), fingerprint, 0, {}};
  CF_CHECK(store.write_bytes(ctx, model, archive, std::move(zip), "application/zip"));
  const EntryLabel label{EntryKind::model_slot, tenant.tenant(), fingerprint, 0, {}};
  const std::string slot = wrap(slot_json(fingerprint, record), store.clock().wall_time());
  for (int attempt = 1;; ++attempt) {
    CF_TRY(const auto there, head(ctx, store.blobs(), kGlobalModelSlotKey));
    storage::PutIf condition = storage::Nothing{};
    if (there) condition = storage::Matches{there->etag};
    const auto etag = store.write_json(ctx, label, kGlobalModelSlotKey, slot, condition);
    if (etag) break;
    if (etag.error().code() != Code::conflict || attempt == kAttemptsMax) return etag.error();
  }
  return remove_old_archives(ctx, store, tenant.tenant(), archive);
}

}  // namespace cloudfolio::cache

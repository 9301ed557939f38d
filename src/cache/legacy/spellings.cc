#include "cache/legacy/spellings.h"

#include <algorithm>

#include "cache/envelope.h"
#include "cache/keys.h"
#include "cache/store.h"
#include "tenancy/login.h"

namespace cloudfolio::cache {

namespace {

constexpr int kAttemptsMax = 20;

std::vector<std::string> spellings_from(const std::string& bytes) {
  std::vector<std::string> spellings;
  const auto unwrapped = unwrap(bytes);
  if (!unwrapped) return spellings;  // Only a note: it fills again.
  if (const auto* array = unwrapped->data.if_array())
    for (const json::Value& value : *array)
      if (const auto text = json::as_string(value)) spellings.emplace_back(*text);
  return spellings;
}

// Changes the note by compare-and-set; `change` returns false where nothing is to be written.
template <class Change>
Status change_note(const Context& ctx, const Store& store, const TenantId& tenant,
                   const Change& change) {
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    CF_TRY(const EntryRead read,
           store.read(ctx, EntryKind::spellings, tenant, spellings_key(tenant)));
    storage::PutIf condition = storage::Nothing{};
    std::vector<std::string> spellings;
    if (read.status == EntryStatus::valid) {
      condition = storage::Matches{read.blob.properties.etag};
      spellings = spellings_from(read.blob.bytes);
    }
    if (!change(spellings)) return Done{};
    json::Array array;
    for (const std::string& spelling : spellings) array.emplace_back(spelling);
    const EntryLabel label{EntryKind::spellings, tenant, {}, 0, {}};
    const auto etag =
        store.write_json(ctx, label, spellings_key(tenant),
                         wrap(write_ascii(array), store.clock().wall_time()), condition);
    if (etag) return Done{};
    if (etag.error().code() != Code::conflict) return etag.error();
  }
  return Error(Code::unavailable, "the spellings of '" + tenant.str() + "' change all the time");
}

}  // namespace

bool is_spelling_of(const TenantId& tenant, std::string_view spelling) {
  const auto folded = tenancy::tenant_from_login(spelling);
  return folded && *folded == tenant && spelling != tenant.str();
}

std::string spellings_key(const TenantId& tenant) {
  return generations_prefix(tenant) + "spellings";
}

Result<std::vector<std::string>> noted_spellings(const Context& ctx, storage::BlobStore& blobs,
                                                 const TenantId& tenant) {
  const auto blob = blobs.get(ctx, storage::BlobKey(spellings_key(tenant)));
  if (blob) return spellings_from(blob->bytes);
  if (blob.error().code() == Code::not_found) return std::vector<std::string>();
  return blob.error();
}

Result<bool> note_spelling(const Context& ctx, const Store& store, const TenantId& tenant,
                           std::string_view spelling) {
  if (!is_spelling_of(tenant, spelling)) return false;
  bool noted = false;
  CF_CHECK(change_note(ctx, store, tenant, [&](std::vector<std::string>& spellings) {
    noted = std::find(spellings.begin(), spellings.end(), spelling) != spellings.end();
    if (noted || spellings.size() >= kSpellingsMax) return false;
    spellings.emplace_back(spelling);
    return noted = true;
  }));
  return noted;
}

Status forget_foreign_spellings(const Context& ctx, const Store& store, const TenantId& tenant) {
  return change_note(ctx, store, tenant, [&](std::vector<std::string>& spellings) {
    return std::erase_if(spellings, [&](const std::string& spelling) {
             return !is_spelling_of(tenant, spelling);
           }) > 0;
  });
}

std::string old_bundle_key(std::string_view spelling) {
  return bundle_key(TenantId(std::string(spelling)));
}
std::string old_repository_key(std::string_view spelling, std::string_view repository) {
  return repository_key(TenantId(std::string(spelling)), repository);
}
std::string still_older_repository_key(std::string_view spelling, std::string_view repository) {
  return older_repository_key(TenantId(std::string(spelling)), repository);
}

}  // namespace cloudfolio::cache

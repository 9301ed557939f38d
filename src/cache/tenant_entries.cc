// Everything beside the publication: staging, indexes, models, sync's memory, clean-up.

#include <algorithm>

#include "cache/bundle_json.h"
#include "cache/envelope.h"
#include "cache/keys.h"
#include "cache/legacy/shared_writes.h"
#include "cache/store.h"
#include "cache/tenant_cache.h"
#include "crypto/random_bytes.h"

namespace cloudfolio::cache {

namespace {

using Unnamed = Store::Unnamed;

constexpr int kReserveAttemptsMax = 100;

Result<std::string> unwrap_text(EntryKind kind, const std::string& bytes) {
  auto unwrapped = unwrap(bytes);
  if (!unwrapped) return std::move(unwrapped).error().while_doing(to_string(kind));
  return json::write(unwrapped->data);
}

// `json` may hold text beyond ASCII; entries may not.
Result<std::string> wrap_text(const Store& store, std::string_view text) {
  CF_TRY(const json::Value value, json::parse(text));
  return wrap(write_ascii(value), store.clock().wall_time());
}

bool is_note_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

Error no_model() {
  return Error(Code::not_found, "no model of that content");
}

// nullopt where there was nothing.
Result<std::optional<std::string>> unwrapped(EntryKind kind, Result<std::string> bytes) {
  if (!bytes && bytes.error().code() == Code::not_found) return std::optional<std::string>();
  if (!bytes) return std::move(bytes).error();
  CF_TRY(std::string text, unwrap_text(kind, *bytes));
  return std::optional<std::string>(std::move(text));
}

Status write_json(const Context& ctx, const Store& store, const EntryLabel& label,
                  const std::string& key, std::string_view text) {
  CF_TRY(std::string wrapped, wrap_text(store, text));
  CF_CHECK(store.write_json(ctx, label, key, std::move(wrapped)));
  return Done{};
}

}  // namespace

// By this object's view; not_found unless it is this tenant's.
Result<std::string> TenantCache::read_published(const Context& ctx, EntryKind kind,
                                                const std::string& key) const {
  if (view_ == View::exact) return store_->read_own(ctx, kind, place_, key, Unnamed::refused);
  CF_TRY(const auto entry, store_->read_shared(ctx, kind, place_, key, Tier::Part::all, *tally_));
  if (!entry) return Error(Code::not_found, "no " + std::string(to_string(kind)));
  return entry->body->blob.bytes;
}

// === Staging ===

Result<std::uint64_t> TenantCache::reserve_generation(const Context& ctx) const {
  const std::string key = generation_counter_key(place_);
  for (int attempt = 0; attempt < kReserveAttemptsMax; ++attempt) {
    std::uint64_t latest = 0;
    auto info = publication_info(ctx);
    if (info) latest = info->generation;
    if (!info && info.error().code() != Code::not_found) return std::move(info).error();
    CF_TRY(const EntryRead read, store_->read(ctx, EntryKind::counter, place_, key));
    storage::PutIf condition = storage::Nothing{};
    if (read.status == EntryStatus::valid) {
      condition = storage::Matches{read.blob.properties.etag};
      // A counter that cannot be read starts again above the publication.
      if (const auto unwrapped = unwrap(read.blob.bytes))
        if (const auto number = json::as_int(unwrapped->data); number && *number > 0)
          latest = std::max(latest, static_cast<std::uint64_t>(*number));
    }
    const EntryLabel label{EntryKind::counter, place_, {}, latest + 1};
    auto etag = store_->write_json(
        ctx, label, key, wrap(std::to_string(latest + 1), store_->clock().wall_time()), condition);
    if (etag) return latest + 1;
    if (etag.error().code() != Code::conflict) return std::move(etag).error();
  }
  return Error(Code::unavailable,
               "too many refreshes of '" + place_.tenant.str() + "' begin at once");
}

Status TenantCache::stage(const Context& ctx, std::uint64_t generation,
                          const RepositoryEntry& entry) const {
  EntryLabel label{EntryKind::repository, place_, entry.fingerprint, generation};
  label.lifetime = repository_lifetime(entry.archived ? Archived::yes : Archived::no,
                                       entry.metadata.pushed_at, store_->clock().wall_time());
  CF_CHECK(store_->write_json(ctx, label, staged_key(place_, generation, entry.metadata.id),
                              wrap(to_json(entry), store_->clock().wall_time())));
  return Done{};
}

Result<RepositoryEntry> TenantCache::read_staged(const Context& ctx, std::uint64_t generation,
                                                 std::int64_t id) const {
  CF_TRY(const std::string bytes,
         store_->read_own(ctx, EntryKind::repository, place_, staged_key(place_, generation, id),
                          Unnamed::refused));
  CF_TRY(const Unwrapped unwrapped, unwrap(bytes));
  return read_entry(unwrapped.data);
}

Status TenantCache::stage_note(const Context& ctx, std::uint64_t generation, std::string_view name,
                               std::string_view json) const {
  if (!is_note_name(name)) return Error(Code::invalid_argument, "a note's name is of [a-z0-9-]");
  const EntryLabel label{EntryKind::note, place_, {}, generation};
  return write_json(ctx, *store_, label, note_key(place_, generation, name), json);
}

Result<std::string> TenantCache::read_note(const Context& ctx, std::uint64_t generation,
                                           std::string_view name) const {
  if (!is_note_name(name)) return Error(Code::invalid_argument, "a note's name is of [a-z0-9-]");
  CF_TRY(const std::string bytes,
         store_->read_own(ctx, EntryKind::note, place_, note_key(place_, generation, name),
                          Unnamed::refused));
  return unwrap_text(EntryKind::note, bytes);
}

// === Indexes ===

Result<std::string> TenantCache::write_index(const Context& ctx, std::uint64_t generation,
                                             std::string bytes) const {
  std::string key = index_key(place_, generation, crypto::random_hex(8));
  const EntryLabel label{EntryKind::index, place_, {}, generation};
  CF_CHECK(store_->write_bytes(ctx, label, key, std::move(bytes), "application/octet-stream"));
  return key;
}

Result<std::string> TenantCache::read_index(const Context& ctx, std::string_view key) const {
  if (!is_index_key(place_, key)) return Error(Code::not_found, "no index under that name");
  return store_->read_own(ctx, EntryKind::index, place_, std::string(key), Unnamed::refused);
}

// === Models ===

Status TenantCache::write_model(const Context& ctx, std::string_view fingerprint,
                                std::string zip) const {
  if (!is_fingerprint(fingerprint))
    return Error(Code::invalid_argument, "that is no content fingerprint");
  const EntryLabel label{EntryKind::model, place_, std::string(fingerprint), 0};
  CF_CHECK(store_->write_bytes(ctx, label, model_archive_key(place_, fingerprint), std::move(zip),
                               "application/zip"));
  return Done{};
}

Result<std::string> TenantCache::read_model(const Context& ctx,
                                            std::string_view fingerprint) const {
  if (!is_fingerprint(fingerprint)) return no_model();
  return store_->read_own(ctx, EntryKind::model, place_, model_archive_key(place_, fingerprint),
                          Unnamed::refused);
}

Status TenantCache::write_model_record(const Context& ctx, const ModelRecord& record) const {
  if (!is_fingerprint(record.fingerprint))
    return Error(Code::invalid_argument, "a model's record without content fingerprint");
  const EntryLabel label{EntryKind::model_record, place_, record.fingerprint, 0};
  CF_CHECK(store_->write_json(ctx, label, model_metadata_key(place_, record.fingerprint),
                              to_json(record)));
  const bool has_slot = place_.scope.is_public() && store_->old_app().model_slot == place_.tenant;
  if (has_slot && record.published) CF_CHECK(write_model_slot(ctx, *store_, *this, record));
  return Done{};
}

Result<std::optional<ModelRecord>> TenantCache::find_model_record(
    const Context& ctx, std::string_view fingerprint) const {
  if (!is_fingerprint(fingerprint)) return std::optional<ModelRecord>();
  auto bytes =
      read_published(ctx, EntryKind::model_record, model_metadata_key(place_, fingerprint));
  if (!bytes && bytes.error().code() == Code::not_found) return std::optional<ModelRecord>();
  if (!bytes) return std::move(bytes).error();
  CF_TRY(ModelRecord record, model_record_from_json(*bytes));
  return std::optional<ModelRecord>(std::move(record));
}

// === Sync's memory ===

Result<std::optional<std::string>> TenantCache::find_sync_state(const Context& ctx) const {
  return unwrapped(EntryKind::sync_state,
                   store_->read_own(ctx, EntryKind::sync_state, place_, sync_state_key(place_),
                                    Unnamed::refused));
}
Status TenantCache::write_sync_state(const Context& ctx, std::string_view json) const {
  const EntryLabel label{EntryKind::sync_state, place_, {}, 0};
  return write_json(ctx, *store_, label, sync_state_key(place_), json);
}
Result<std::optional<std::string>> TenantCache::find_sync_report(const Context& ctx) const {
  return unwrapped(EntryKind::sync_report,
                   read_published(ctx, EntryKind::sync_report, sync_report_key(place_)));
}
Status TenantCache::write_sync_report(const Context& ctx, std::string_view json) const {
  const EntryLabel label{EntryKind::sync_report, place_, {}, 0};
  return write_json(ctx, *store_, label, sync_report_key(place_), json);
}

}  // namespace cloudfolio::cache

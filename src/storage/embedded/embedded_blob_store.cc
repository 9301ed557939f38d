#include "storage/embedded/embedded_blob_store.h"

#include "crypto/hash.h"
#include "crypto/random_bytes.h"
#include "sqlite/database.h"
#include "storage/embedded/encoding.h"
#include "storage/rules.h"

namespace cloudfolio::storage::embedded {

namespace {

// A reader loses its file to a concurrent put between row and file; more often than this in a row
// only if something is wrong.
constexpr int kReadTriesMax = 100;

Error missing(const BlobKey& key) {
  return Error(Code::not_found, "there is no blob '" + key.str() + "'");
}

// True where it is certain that the work changed nothing, so that its file can go at once. After
// any other error a crash may yet bring the row to light: the sweep looks at the rows.
bool certainly_undone(const Error& error) {
  return error.code() == Code::conflict;
}

}  // namespace

Status EmbeddedBlobStore::check(const Context& ctx, const BlobKey& key) const {
  CF_CHECK(check_context(ctx, store_.clock.now()));
  return check_blob_key(key);
}

Status EmbeddedBlobStore::check_content(const BlobKey& key, const BlobRow& row) const {
  const std::string& bytes = row.content.bytes;
  const bool whole = bytes.size() == row.properties.size_bytes &&
                     crypto::as_view(crypto::sha256(bytes)) == row.content.sha256;
  if (whole) return Done{};
  return damaged(key, row.content);
}

Error EmbeddedBlobStore::damaged(const BlobKey& key, const BlobContent& content) const {
  const std::string where = content.file ? store_.files->path_of(*content.file).string()
                                         : (store_.options.directory / kDatabaseFile).string();
  return Error(Code::corrupt, "blob '" + key.str() + "' is damaged: " + where +
                                  " does not hold what was written; restore it from a backup, or "
                                  "remove the blob and let it be made again");
}

Result<Blob> EmbeddedBlobStore::get(const Context& ctx, const BlobKey& key) {
  CF_TRY(auto blob, get_if_changed(ctx, key, ETag()));
  if (!blob) return missing(key);  // Never: no blob has the empty ETag.
  return *std::move(blob);
}

Result<std::optional<Blob>> EmbeddedBlobStore::get_if_changed(const Context& ctx,
                                                              const BlobKey& key,
                                                              const ETag& known) {
  CF_CHECK(check(ctx, key));
  for (int tries_count = 1;; ++tries_count) {
    CF_TRY(auto row, find_blob(*store_.readers->borrow(), place_, key, Part::all));
    if (!row) return missing(key);
    if (row->properties.etag == known) return std::optional<Blob>();
    if (row->content.file) {
      CF_TRY(auto bytes, store_.files->read(*row->content.file));
      // Overwritten or removed meanwhile; if not, the next round says that it is damaged.
      if (!bytes && tries_count < kReadTriesMax) {
        CF_TRY(const auto again,
               find_blob(*store_.readers->borrow(), place_, key, Part::properties));
        if (!again || again->properties.etag != row->properties.etag) continue;
      }
      row->content.bytes = std::move(bytes).value_or("");
    }
    CF_CHECK(check_content(key, *row));
    return std::optional<Blob>(Blob{std::move(row->content.bytes), std::move(row->properties)});
  }
}

Result<BlobProperties> EmbeddedBlobStore::head(const Context& ctx, const BlobKey& key) {
  CF_CHECK(check(ctx, key));
  CF_TRY(auto row, find_blob(*store_.readers->borrow(), place_, key, Part::properties));
  if (!row) return missing(key);
  return std::move(row->properties);
}

Result<ETag> EmbeddedBlobStore::put(const Context& ctx, const BlobKey& key, std::string bytes,
                                    const PutOptions& options) {
  CF_CHECK(check(ctx, key));
  CF_CHECK(check_put(bytes, options));
  NewBlob blob{.etag = 0,
               .modified_at = store_.clock.wall_time(),
               .size_bytes = bytes.size(),
               .options = &options,
               .file = {},
               .sha256 = std::string(crypto::as_view(crypto::sha256(bytes))),
               .bytes = bytes};
  if (bytes.size() > store_.options.inline_bytes_max) {
    CF_TRY(blob.file, store_.files->write(bytes));
  }
  auto etag = put_row(key, blob);
  if (!etag && blob.file && certainly_undone(etag.error())) store_.files->remove(*blob.file);
  return etag;
}

Result<ETag> EmbeddedBlobStore::put_row(const BlobKey& key, NewBlob& blob) {
  std::optional<std::string> old_file;
  CF_CHECK(store_.writer->apply([&](sqlite::Database& db) -> Status {
    CF_TRY(auto state, find_blob_state(db, place_, key));
    const BlobLease lease = state ? state->lease : BlobLease{};
    CF_CHECK(check_condition(blob.options->condition, state ? &state->etag : nullptr));
    CF_CHECK(check_lease(lease, blob.options->lease, blob.modified_at));
    blob.etag = store_.new_tag();
    if (!state) return insert_blob(db, place_, key, blob);
    // A lease that ran out before a write cannot be renewed after it.
    if (!lease.id.empty() && !is_held(lease, blob.modified_at)) {
      CF_CHECK(set_blob_lease(db, state->id, {}));
    }
    old_file = std::move(state->file);
    return overwrite_blob(db, state->id, blob);
  }));
  if (old_file) store_.files->remove(*old_file);
  return ETag(to_tag(blob.etag));
}

Status EmbeddedBlobStore::remove(const Context& ctx, const BlobKey& key,
                                 const RemoveOptions& options) {
  CF_CHECK(check(ctx, key));
  std::optional<std::string> old_file;
  CF_CHECK(store_.writer->apply([&](sqlite::Database& db) -> Status {
    CF_TRY(auto state, find_blob_state(db, place_, key));
    if (const auto* matches = std::get_if<Matches>(&options.condition)) {
      CF_CHECK(check_condition(*matches, state ? &state->etag : nullptr));
    }
    if (!state) return Done{};
    CF_CHECK(check_lease(state->lease, options.lease, store_.clock.wall_time()));
    old_file = std::move(state->file);
    return delete_blob(db, state->id);
  }));
  if (old_file) store_.files->remove(*old_file);
  return Done{};
}

Result<BlobPage> EmbeddedBlobStore::list(const Context& ctx, const ListOptions& options) {
  CF_CHECK(check_context(ctx, store_.clock.now()));
  CF_CHECK(check_list(options));
  BlobPage page;
  const std::string& from = std::max(options.prefix, options.continuation);
  CF_TRY(page.entries, list_blobs(*store_.readers->borrow(), place_, from, options.max_count + 1));
  while (!page.entries.empty() && !page.entries.back().key.str().starts_with(options.prefix)) {
    page.entries.pop_back();
  }
  if (page.entries.size() > options.max_count) {
    page.continuation = page.entries.back().key.str();
    page.entries.pop_back();
  }
  return page;
}

template <class Change>
Status EmbeddedBlobStore::change_lease(const Context& ctx, const BlobKey& key, Change change) {
  CF_CHECK(check(ctx, key));
  const auto now = store_.clock.wall_time();
  return store_.writer->apply([&](sqlite::Database& db) -> Status {
    CF_TRY(auto state, find_blob_state(db, place_, key));
    if (!state) return missing(key);
    CF_TRY(const BlobLease lease, change(state->lease, now));
    return set_blob_lease(db, state->id, lease);
  });
}

Result<LeaseId> EmbeddedBlobStore::acquire_lease(const Context& ctx, const BlobKey& key,
                                                 std::chrono::seconds length) {
  CF_CHECK(check_lease_length(length));
  const LeaseId id(crypto::random_uuid());
  CF_CHECK(
      change_lease(ctx, key, [&](const BlobLease& lease, Clock::WallTime now) -> Result<BlobLease> {
        if (!is_held(lease, now)) return BlobLease{id, now + length, length};
        return Error(Code::conflict, "blob '" + key.str() + "' is leased by somebody else");
      }));
  return id;
}

Status EmbeddedBlobStore::renew_lease(const Context& ctx, const BlobKey& key, const LeaseId& id) {
  return change_lease(ctx, key,
                      [&](const BlobLease& lease, Clock::WallTime now) -> Result<BlobLease> {
                        CF_CHECK(check_renewal(lease, id));
                        return BlobLease{id, now + lease.length, lease.length};
                      });
}

Status EmbeddedBlobStore::release_lease(const Context& ctx, const BlobKey& key, const LeaseId& id) {
  return change_lease(ctx, key, [&](const BlobLease& lease, Clock::WallTime) -> Result<BlobLease> {
    CF_CHECK(check_renewal(lease, id));
    return BlobLease{};
  });
}

Status EmbeddedBlobStore::break_lease(const Context& ctx, const BlobKey& key) {
  return change_lease(
      ctx, key, [](const BlobLease&, Clock::WallTime) -> Result<BlobLease> { return BlobLease{}; });
}

}  // namespace cloudfolio::storage::embedded

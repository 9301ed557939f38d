#include "storage/embedded/blob_rows.h"

#include "sqlite/database.h"
#include "storage/embedded/encoding.h"

namespace cloudfolio::storage::embedded {

namespace {

constexpr std::string_view kFindProperties = R"sql(
  SELECT etag, modified_us, size_bytes, content_type, content_encoding, metadata
  FROM blob WHERE place = ?1 AND key = ?2)sql";
constexpr std::string_view kFindAll = R"sql(
  SELECT etag, modified_us, size_bytes, content_type, content_encoding, metadata, file, sha256, bytes
  FROM blob WHERE place = ?1 AND key = ?2)sql";
constexpr std::string_view kFindState = R"sql(
  SELECT id, etag, lease_id, lease_until_us, lease_seconds, file
  FROM blob WHERE place = ?1 AND key = ?2)sql";
constexpr std::string_view kList = R"sql(
  SELECT etag, modified_us, size_bytes, content_type, content_encoding, metadata, key
  FROM blob WHERE place = ?1 AND key >= ?2 ORDER BY key LIMIT ?3)sql";
constexpr std::string_view kInsert = R"sql(
  INSERT INTO blob (etag, modified_us, size_bytes, content_type, content_encoding, metadata, file,
                    sha256, bytes, place, key)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11))sql";
constexpr std::string_view kOverwrite = R"sql(
  UPDATE blob SET etag = ?1, modified_us = ?2, size_bytes = ?3, content_type = ?4,
    content_encoding = ?5, metadata = ?6, file = ?7, sha256 = ?8, bytes = ?9
  WHERE id = ?10)sql";
constexpr std::string_view kDelete = "DELETE FROM blob WHERE id = ?1";
constexpr std::string_view kSetLease = R"sql(
  UPDATE blob SET lease_id = ?2, lease_until_us = ?3, lease_seconds = ?4 WHERE id = ?1)sql";
constexpr std::string_view kIsFileNamed = "SELECT 1 FROM blob WHERE file = ?1";

// The first six columns of kFindProperties, kFindAll and kList.
BlobProperties properties_from(const sqlite::Statement& row) {
  return {.etag = ETag(to_tag(row.integer(0))),
          .metadata = metadata_from(row.text(5)),
          .content_type = std::string(row.text(3)),
          .content_encoding = std::string(row.text(4)),
          .last_modified = std::chrono::floor<std::chrono::seconds>(from_us(row.integer(1))),
          .size_bytes = std::uint64_t(row.integer(2))};
}

template <class... Key>
Status run_with(sqlite::Database& db, std::string_view sql, const NewBlob& blob,
                const Key&... key) {
  const std::string metadata = to_text(blob.options->metadata);
  const sqlite::Binding bytes =
      blob.file ? sqlite::Binding(nullptr) : sqlite::Binding(sqlite::Bytes{blob.bytes});
  CF_TRY(auto statement, db.statement(sql));
  CF_CHECK(statement.run(blob.etag, to_us(blob.modified_at), blob.size_bytes,
                         blob.options->content_type, blob.options->content_encoding, metadata,
                         blob.file, sqlite::Bytes{blob.sha256}, bytes, key...));
  return Done{};
}

}  // namespace

Result<std::optional<BlobRow>> find_blob(sqlite::Database& db, std::int64_t place,
                                         const BlobKey& key, Part part) {
  CF_TRY(auto find, db.statement(part == Part::all ? kFindAll : kFindProperties));
  CF_CHECK(find.bind(place, key.str()));
  CF_TRY(const bool found, find.step());
  if (!found) return std::optional<BlobRow>();
  BlobRow row{properties_from(find), {}};
  if (part == Part::all) {
    row.content.file = find.optional_text(6);
    row.content.sha256 = std::string(find.bytes(7));
    row.content.bytes = std::string(find.bytes(8));
  }
  return std::optional<BlobRow>(std::move(row));
}

Result<std::optional<BlobState>> find_blob_state(sqlite::Database& db, std::int64_t place,
                                                 const BlobKey& key) {
  CF_TRY(auto find, db.statement(kFindState));
  CF_CHECK(find.bind(place, key.str()));
  CF_TRY(const bool found, find.step());
  if (!found) return std::optional<BlobState>();
  BlobState state;
  state.id = find.integer(0);
  state.etag = ETag(to_tag(find.integer(1)));
  if (!find.is_null(2)) {
    state.lease = {LeaseId(std::string(find.text(2))), from_us(find.integer(3)),
                   std::chrono::seconds(find.integer(4))};
  }
  state.file = find.optional_text(5);
  return std::optional<BlobState>(std::move(state));
}

Result<std::vector<BlobEntry>> list_blobs(sqlite::Database& db, std::int64_t place,
                                          const std::string& from, std::size_t count) {
  std::vector<BlobEntry> entries;
  CF_TRY(auto list, db.statement(kList));
  CF_CHECK(list.bind(place, from, count));
  while (true) {
    CF_TRY(const bool row, list.step());
    if (!row) return entries;
    entries.push_back({BlobKey(std::string(list.text(6))), properties_from(list)});
  }
}

Status insert_blob(sqlite::Database& db, std::int64_t place, const BlobKey& key,
                   const NewBlob& blob) {
  return run_with(db, kInsert, blob, place, key.str());
}

Status overwrite_blob(sqlite::Database& db, std::int64_t id, const NewBlob& blob) {
  return run_with(db, kOverwrite, blob, id);
}

Status delete_blob(sqlite::Database& db, std::int64_t id) {
  CF_TRY(auto erase, db.statement(kDelete));
  CF_CHECK(erase.run(id));
  return Done{};
}

Status set_blob_lease(sqlite::Database& db, std::int64_t id, const BlobLease& lease) {
  CF_TRY(auto set, db.statement(kSetLease));
  if (lease.id.empty()) {
    CF_CHECK(set.run(id, nullptr, nullptr, nullptr));
  } else {
    CF_CHECK(set.run(id, lease.id.str(), to_us(lease.until), lease.length.count()));
  }
  return Done{};
}

Result<bool> is_file_named(sqlite::Database& db, const std::string& file) {
  CF_TRY(auto find, db.statement(kIsFileNamed));
  CF_CHECK(find.bind(file));
  return find.step();
}

}  // namespace cloudfolio::storage::embedded

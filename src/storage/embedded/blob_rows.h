#pragma once
// The only code that knows table `blob`.
//
// Threads: as the Database of each call. Errors: as sqlite/database.h.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/blob_store.h"
#include "storage/conditions.h"

namespace cloudfolio::sqlite {
class Database;
}

namespace cloudfolio::storage::embedded {

// Where a blob's bytes are.
struct BlobContent {
  std::string bytes;                // Those in the row.
  std::optional<std::string> file;  // Present: they are in this file instead.
  std::string sha256;               // Of the bytes, wherever they are.
};

struct BlobRow {
  BlobProperties properties;
  BlobContent content;
};

// What a write needs to know of the row that is there.
struct BlobState {
  std::int64_t id = 0;
  ETag etag;
  BlobLease lease;
  std::optional<std::string> file;
};

// A new row's contents; views that outlive the call.
struct NewBlob {
  std::int64_t etag = 0;
  Clock::WallTime modified_at;
  std::size_t size_bytes = 0;
  const PutOptions* options = nullptr;
  std::optional<std::string> file;
  std::string sha256;
  std::string_view bytes;  // If no file.
};

enum class Part : std::uint8_t { properties, all };

Result<std::optional<BlobRow>> find_blob(sqlite::Database& db, std::int64_t place,
                                         const BlobKey& key, Part part);
Result<std::optional<BlobState>> find_blob_state(sqlite::Database& db, std::int64_t place,
                                                 const BlobKey& key);
// Up to `count` rows with a key of at least `from`, in byte order.
Result<std::vector<BlobEntry>> list_blobs(sqlite::Database& db, std::int64_t place,
                                          const std::string& from, std::size_t count);
Status insert_blob(sqlite::Database& db, std::int64_t place, const BlobKey& key,
                   const NewBlob& blob);
// Keeps the row's lease.
Status overwrite_blob(sqlite::Database& db, std::int64_t id, const NewBlob& blob);
Status delete_blob(sqlite::Database& db, std::int64_t id);
// An empty lease id clears it.
Status set_blob_lease(sqlite::Database& db, std::int64_t id, const BlobLease& lease);
Result<bool> is_file_named(sqlite::Database& db, const std::string& file);

}  // namespace cloudfolio::storage::embedded

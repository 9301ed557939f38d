#pragma once
// The only code that knows table `entity`.
//
// Threads: as the Database of each call. Errors: as sqlite/database.h.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/table.h"

namespace cloudfolio::sqlite {
class Database;
}

namespace cloudfolio::storage::embedded {

Result<std::optional<Entity>> find_entity(sqlite::Database& db, std::int64_t place,
                                          const EntityKey& key);
// Up to `count` entities in key order: of one partition with a row of at least from.row, or of all
// partitions from the key `from` on.
Result<std::vector<Entity>> list_rows(sqlite::Database& db, std::int64_t place,
                                      const EntityKey& from, std::size_t count);
Result<std::vector<Entity>> list_entities(sqlite::Database& db, std::int64_t place,
                                          const EntityKey& from, std::size_t count);
Status write_entity(sqlite::Database& db, std::int64_t place, const EntityKey& key,
                    std::int64_t etag, const Values& values);
Status delete_entity(sqlite::Database& db, std::int64_t place, const EntityKey& key);

}  // namespace cloudfolio::storage::embedded

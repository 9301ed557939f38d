#pragma once
// The only code that knows table `place`: which number stands for which container, queue or table.

#include <cstdint>
#include <string>

#include "base/result.h"

namespace cloudfolio::sqlite {
class Database;
}

namespace cloudfolio::storage::embedded {

struct Store;

// On disk. Never renumber, never reuse.
enum class PlaceKind : std::uint8_t { container = 1, queue = 2, table = 3 };

// Writes only if the name is new.
Result<std::int64_t> place_of(Store& store, PlaceKind kind, const std::string& name);

// Reads something: whether the database answers.
Status read_places(sqlite::Database& db);

}  // namespace cloudfolio::storage::embedded

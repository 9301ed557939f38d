#include "storage/embedded/place_rows.h"

#include <optional>

#include "sqlite/database.h"
#include "storage/embedded/store.h"

namespace cloudfolio::storage::embedded {

namespace {

constexpr std::string_view kFind = "SELECT id FROM place WHERE kind = ?1 AND name = ?2";
constexpr std::string_view kInsert =
    "INSERT INTO place (kind, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
constexpr std::string_view kCount = "SELECT count(*) FROM place";

Result<std::optional<std::int64_t>> find(sqlite::Database& db, PlaceKind kind,
                                         const std::string& name) {
  CF_TRY(auto select, db.statement(kFind));
  CF_CHECK(select.bind(int(kind), name));
  CF_TRY(const bool found, select.step());
  return found ? std::optional(select.integer(0)) : std::nullopt;
}

}  // namespace

Result<std::int64_t> place_of(Store& store, PlaceKind kind, const std::string& name) {
  CF_TRY(const auto known, find(*store.readers->borrow(), kind, name));
  if (known) return *known;
  std::int64_t place = 0;
  CF_CHECK(store.writer->apply([&](sqlite::Database& db) -> Status {
    CF_TRY(auto insert, db.statement(kInsert));
    CF_CHECK(insert.run(int(kind), name));
    CF_TRY(const auto made, find(db, kind, name));
    if (!made) return Error(Code::internal, "a place that was just made is missing");
    place = *made;
    return Done{};
  }));
  return place;
}

Status read_places(sqlite::Database& db) {
  CF_TRY(auto count, db.statement(kCount));
  CF_CHECK(count.step());
  return Done{};
}

}  // namespace cloudfolio::storage::embedded

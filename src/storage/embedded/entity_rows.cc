#include "storage/embedded/entity_rows.h"

#include "sqlite/database.h"
#include "storage/embedded/encoding.h"

namespace cloudfolio::storage::embedded {

namespace {

constexpr std::string_view kFind = R"sql(
  SELECT partition, row, etag, content FROM entity
  WHERE place = ?1 AND partition = ?2 AND row = ?3)sql";
constexpr std::string_view kListRows = R"sql(
  SELECT partition, row, etag, content FROM entity
  WHERE place = ?1 AND partition = ?2 AND row >= ?3 ORDER BY row LIMIT ?4)sql";
constexpr std::string_view kListAll = R"sql(
  SELECT partition, row, etag, content FROM entity
  WHERE place = ?1 AND (partition, row) >= (?2, ?3) ORDER BY partition, row LIMIT ?4)sql";
constexpr std::string_view kWrite = R"sql(
  INSERT INTO entity (place, partition, row, etag, content) VALUES (?1, ?2, ?3, ?4, ?5)
  ON CONFLICT DO UPDATE SET etag = ?4, content = ?5)sql";
constexpr std::string_view kDelete = R"sql(
  DELETE FROM entity WHERE place = ?1 AND partition = ?2 AND row = ?3)sql";

Result<Entity> entity_from(const sqlite::Statement& row) {
  Entity entity{
      {std::string(row.text(0)), std::string(row.text(1))}, {}, ETag(to_tag(row.integer(2)))};
  auto values = values_from(row.bytes(3));
  if (!values) {
    return std::move(values).error().while_doing("entity '" + entity.key.partition + "', '" +
                                                 entity.key.row + "'");
  }
  entity.values = *std::move(values);
  return entity;
}

Result<std::vector<Entity>> list(sqlite::Database& db, std::string_view sql, std::int64_t place,
                                 const EntityKey& from, std::size_t count) {
  std::vector<Entity> entities;
  CF_TRY(auto select, db.statement(sql));
  CF_CHECK(select.bind(place, from.partition, from.row, count));
  while (true) {
    CF_TRY(const bool row, select.step());
    if (!row) return entities;
    CF_TRY(Entity entity, entity_from(select));
    entities.push_back(std::move(entity));
  }
}

}  // namespace

Result<std::optional<Entity>> find_entity(sqlite::Database& db, std::int64_t place,
                                          const EntityKey& key) {
  CF_TRY(auto find, db.statement(kFind));
  CF_CHECK(find.bind(place, key.partition, key.row));
  CF_TRY(const bool found, find.step());
  if (!found) return std::optional<Entity>();
  CF_TRY(Entity entity, entity_from(find));
  return std::optional<Entity>(std::move(entity));
}

Result<std::vector<Entity>> list_rows(sqlite::Database& db, std::int64_t place,
                                      const EntityKey& from, std::size_t count) {
  return list(db, kListRows, place, from, count);
}

Result<std::vector<Entity>> list_entities(sqlite::Database& db, std::int64_t place,
                                          const EntityKey& from, std::size_t count) {
  return list(db, kListAll, place, from, count);
}

Status write_entity(sqlite::Database& db, std::int64_t place, const EntityKey& key,
                    std::int64_t etag, const Values& values) {
  const std::string content = to_bytes(values);
  CF_TRY(auto write, db.statement(kWrite));
  CF_CHECK(write.run(place, key.partition, key.row, etag, sqlite::Bytes{content}));
  return Done{};
}

Status delete_entity(sqlite::Database& db, std::int64_t place, const EntityKey& key) {
  CF_TRY(auto erase, db.statement(kDelete));
  CF_CHECK(erase.run(place, key.partition, key.row));
  return Done{};
}

}  // namespace cloudfolio::storage::embedded

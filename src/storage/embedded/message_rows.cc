#include "storage/embedded/message_rows.h"

#include "sqlite/database.h"
#include "storage/embedded/encoding.h"

namespace cloudfolio::storage::embedded {

namespace {

// On disk: expires_us of a message that never does.
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

constexpr std::string_view kInsert = R"sql(
  INSERT INTO message (place, visible_us, expires_us, inserted_us, dequeue_count, receipt, body)
  VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6))sql";
constexpr std::string_view kVisible = R"sql(
  SELECT id, body, dequeue_count, inserted_us, expires_us, receipt FROM message
  WHERE place = ?1 AND visible_us <= ?2 AND expires_us > ?2 ORDER BY visible_us, id LIMIT ?3)sql";
constexpr std::string_view kDeleteExpired = R"sql(
  DELETE FROM message WHERE id IN (
    SELECT id FROM (SELECT id, expires_us FROM message WHERE place = ?1 AND visible_us <= ?2
                    ORDER BY visible_us, id LIMIT ?3)
    WHERE expires_us <= ?2))sql";
constexpr std::string_view kFind = R"sql(
  SELECT id, body, dequeue_count, inserted_us, expires_us, receipt FROM message
  WHERE id = ?1 AND place = ?2 AND expires_us > ?3)sql";
constexpr std::string_view kHold = R"sql(
  UPDATE message SET receipt = ?2, visible_us = ?3, dequeue_count = ?4, body = coalesce(?5, body)
  WHERE id = ?1)sql";
constexpr std::string_view kDelete = "DELETE FROM message WHERE id = ?1";
constexpr std::string_view kDeleteAll = "DELETE FROM message WHERE place = ?1";
constexpr std::string_view kCount = "SELECT count(*) FROM message WHERE place = ?1";
constexpr std::string_view kNextVisible = "SELECT min(visible_us) FROM message WHERE place = ?1";

MessageRow row_from(const sqlite::Statement& row) {
  MessageRow made;
  made.id = row.integer(0);
  made.message.id = MessageId(std::to_string(made.id));
  made.message.body = std::string(row.text(1));
  made.message.dequeue_count = std::uint32_t(row.integer(2));
  made.message.inserted_at = from_us(row.integer(3));
  if (row.integer(4) != kNever) made.message.expires_at = from_us(row.integer(4));
  made.receipt = row.integer(5);
  return made;
}

}  // namespace

Result<std::int64_t> insert_message(sqlite::Database& db, std::int64_t place,
                                    const NewMessage& message) {
  const std::int64_t expires_us = message.expires_at ? to_us(*message.expires_at) : kNever;
  CF_TRY(auto insert, db.statement(kInsert));
  CF_CHECK(insert.run(place, to_us(message.visible_at), expires_us, to_us(message.inserted_at),
                      message.receipt, message.body));
  return db.last_insert_id();
}

Result<std::vector<MessageRow>> visible_messages(sqlite::Database& db, std::int64_t place,
                                                 Clock::WallTime now, std::size_t count) {
  std::vector<MessageRow> rows;
  CF_TRY(auto select, db.statement(kVisible));
  CF_CHECK(select.bind(place, to_us(now), count));
  while (true) {
    CF_TRY(const bool row, select.step());
    if (!row) return rows;
    rows.push_back(row_from(select));
  }
}

Result<std::int64_t> delete_expired(sqlite::Database& db, std::int64_t place, Clock::WallTime now,
                                    std::size_t count) {
  CF_TRY(auto erase, db.statement(kDeleteExpired));
  return erase.run(place, to_us(now), count);
}

Result<std::optional<MessageRow>> find_message(sqlite::Database& db, std::int64_t place,
                                               std::int64_t id, Clock::WallTime now) {
  CF_TRY(auto find, db.statement(kFind));
  CF_CHECK(find.bind(id, place, to_us(now)));
  CF_TRY(const bool found, find.step());
  if (!found) return std::optional<MessageRow>();
  return std::optional<MessageRow>(row_from(find));
}

Status hold_message(sqlite::Database& db, std::int64_t id, const MessageHold& hold,
                    const std::optional<std::string>& body) {
  CF_TRY(auto update, db.statement(kHold));
  CF_CHECK(update.run(id, hold.receipt, to_us(hold.visible_at), hold.dequeue_count, body));
  return Done{};
}

Status delete_message(sqlite::Database& db, std::int64_t id) {
  CF_TRY(auto erase, db.statement(kDelete));
  CF_CHECK(erase.run(id));
  return Done{};
}

Status delete_messages(sqlite::Database& db, std::int64_t place) {
  CF_TRY(auto erase, db.statement(kDeleteAll));
  CF_CHECK(erase.run(place));
  return Done{};
}

Result<std::int64_t> count_messages(sqlite::Database& db, std::int64_t place) {
  CF_TRY(auto count, db.statement(kCount));
  CF_CHECK(count.bind(place));
  CF_TRY(const bool row, count.step());
  return row ? count.integer(0) : 0;
}

Result<std::optional<Clock::WallTime>> next_visible(sqlite::Database& db, std::int64_t place) {
  CF_TRY(auto find, db.statement(kNextVisible));
  CF_CHECK(find.bind(place));
  CF_TRY(const bool row, find.step());
  if (!row || find.is_null(0)) return std::optional<Clock::WallTime>();
  return std::optional<Clock::WallTime>(from_us(find.integer(0)));
}

}  // namespace cloudfolio::storage::embedded

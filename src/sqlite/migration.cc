#include "sqlite/migration.h"

#include <algorithm>
#include <string>

#include "sqlite/database.h"
#include "sqlite/transaction.h"

namespace cloudfolio::sqlite {

namespace {

Result<std::int64_t> pragma(Database& database, std::string_view sql) {
  CF_TRY(auto statement, database.statement(sql));
  CF_TRY(const bool row, statement.step());
  return row ? statement.integer(0) : 0;
}

// In one read transaction: beside a process that is migrating, three answers from three moments
// would make a new database look like another program's.
Status check_owner(Database& database, const Schema& schema) {
  CF_TRY(auto transaction, Transaction::begin(database, Transaction::Kind::read));
  CF_TRY(const auto owner, pragma(database, "PRAGMA application_id"));
  if (owner == schema.application_id) return Done{};
  CF_TRY(const auto version, pragma(database, "PRAGMA user_version"));
  CF_TRY(const auto tables, pragma(database, "SELECT count(*) FROM sqlite_schema"));
  if (owner == 0 && version == 0 && tables == 0) return Done{};  // New.
  return Error(Code::invalid_argument, database.file() +
                                           " is a database of another program, not the " +
                                           std::string(schema.name) + ": choose another folder");
}

// The oldest version that may work with a file on which the first `count` steps ran: what one step
// cut off, no later one brings back.
int readable_by(const Schema& schema, std::size_t count) {
  int oldest = 0;
  for (const Migration& step : schema.steps.first(count))
    oldest = std::max(oldest, step.readable_by == 0 ? step.version : step.readable_by);
  return oldest;
}

// Only files on which a step named a reader have the table; the others are their version's alone.
Status note_readers(Database& database, const Schema& schema, std::size_t count) {
  if (readable_by(schema, count) == int(count))
    return database.execute("DROP TABLE IF EXISTS schema_reader");
  return database.execute(
      "CREATE TABLE IF NOT EXISTS schema_reader (oldest INTEGER NOT NULL); DELETE FROM "
      "schema_reader; "
      "INSERT INTO schema_reader VALUES (" +
      std::to_string(readable_by(schema, count)) + ")");
}

// What a file of a newer version says of itself; nothing said is "its own version alone".
Result<bool> reads_newer(Database& database, std::int64_t newest) {
  CF_TRY(const auto said,
         pragma(database, "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_reader'"));
  if (said == 0) return false;
  CF_TRY(const auto oldest, pragma(database, "SELECT oldest FROM schema_reader"));
  return oldest > 0 && oldest <= newest;
}

// Runs the step that `version` is due for; false when there is none left.
Result<bool> run_next_step(Database& database, const Schema& schema) {
  // Inside the write lock, so that of two processes one sees that the other has done it.
  CF_TRY(auto transaction, Transaction::begin(database, Transaction::Kind::write));
  CF_TRY(const auto version, pragma(database, "PRAGMA user_version"));
  if (version >= std::int64_t(schema.steps.size())) return false;
  const Migration& step = schema.steps[std::size_t(version)];
  CF_CHECK(database.execute(step.sql));
  CF_CHECK(note_readers(database, schema, std::size_t(version) + 1));
  CF_CHECK(database.execute("PRAGMA user_version = " + std::to_string(step.version)));
  CF_CHECK(database.execute("PRAGMA application_id = " + std::to_string(schema.application_id)));
  CF_CHECK(transaction.commit());
  return true;
}

}  // namespace

Status migrate(Database& database, const Schema& schema) {
  const std::string what = "migrate " + std::string(schema.name);
  CF_CHECK(check_owner(database, schema));
  while (true) {
    CF_TRY(const auto version, pragma(database, "PRAGMA user_version"));
    const auto newest = std::int64_t(schema.steps.size());
    if (version == newest) return Done{};
    if (version > newest) {
      CF_TRY(const bool reads, reads_newer(database, newest));
      if (reads) return Done{};
      return Error(Code::invalid_argument, "database is from a newer version: " + database.file() +
                                               " has format " + std::to_string(version) +
                                               " and this program knows " + std::to_string(newest) +
                                               ": use the newer program, or another folder");
    }
    auto ran = run_next_step(database, schema);
    if (!ran) return std::move(ran).error().while_doing(what);
  }
}

}  // namespace cloudfolio::sqlite

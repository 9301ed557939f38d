#include "raw_sqlite.h"

#include <sqlite3.h>

#include <chrono>
#include <memory>
#include <string>

namespace cloudfolio::bench {
namespace {

struct Close {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Handle = std::unique_ptr<sqlite3, Close>;
using Statement = std::unique_ptr<sqlite3_stmt, Close>;

Statement prepare(sqlite3* db, const char* sql) {
  sqlite3_stmt* raw = nullptr;
  sqlite3_prepare_v2(db, sql, -1, &raw, nullptr);
  return Statement(raw);
}

bool run(const Statement& statement, int instance, int step) {
  sqlite3_stmt* raw = statement.get();
  sqlite3_reset(raw);
  if (sqlite3_bind_parameter_count(raw) > 0) sqlite3_bind_int(raw, 1, instance);
  if (sqlite3_bind_parameter_count(raw) > 1) sqlite3_bind_int(raw, 2, step);
  return sqlite3_step(raw) == SQLITE_DONE;
}

}  // namespace

double raw_sqlite_sequences(const std::filesystem::path& directory, int count) {
  sqlite3* raw = nullptr;
  if (sqlite3_open((directory / "raw.db").c_str(), &raw) != SQLITE_OK) return -1;
  const Handle db(raw);
  const char* schema =
      "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
      "CREATE TABLE instance (id INTEGER PRIMARY KEY, status INTEGER);"
      "CREATE TABLE history (id INTEGER, seq INTEGER, event TEXT, PRIMARY KEY (id, seq)) "
      "WITHOUT ROWID;"
      "CREATE TABLE task (id INTEGER, step INTEGER, PRIMARY KEY (id, step)) WITHOUT ROWID;";
  if (sqlite3_exec(raw, schema, nullptr, nullptr, nullptr) != SQLITE_OK) return -1;
  const auto begin = prepare(raw, "BEGIN IMMEDIATE");
  const auto commit = prepare(raw, "COMMIT");
  const auto start = prepare(raw, "INSERT INTO instance VALUES (?1, ?2)");
  const auto status = prepare(raw, "UPDATE instance SET status = ?2 WHERE id = ?1");
  const auto event = prepare(raw, "INSERT INTO history VALUES (?1, ?2, '\"Hello Tokyo!\"')");
  const auto schedule = prepare(raw, "INSERT INTO task VALUES (?1, ?2)");
  const auto done = prepare(raw, "DELETE FROM task WHERE id = ?1 AND step = ?2");
  const auto began = std::chrono::steady_clock::now();
  for (int i = 1; i <= count; ++i) {
    for (int step = 0; step <= 5; ++step) {
      bool ok = run(begin, 0, 0);
      ok = ok && (step == 0 ? run(start, i, 0) : run(done, i, step - 1));
      ok = ok && run(event, i, 2 * step);
      ok = ok && (step < 5 ? run(schedule, i, step) : run(status, i, 1));
      ok = ok && run(event, i, 2 * step + 1) && run(commit, 0, 0);
      if (!ok) return -1;
    }
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

}  // namespace cloudfolio::bench

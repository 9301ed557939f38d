#include "sqlite/database.h"

#include <sqlite3.h>

#include <cerrno>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ensure.h"
#include "sqlite/error.h"

namespace cloudfolio::sqlite {

struct Database::Idle {
  // By SQL text, which SQLite itself keeps: the view is into the statement.
  std::unordered_multimap<std::string_view, sqlite3_stmt*> by_sql;
};

Database::Database(std::string file, sqlite3* handle)
    : file_(std::move(file)), handle_(handle), idle_(std::make_unique<Idle>()) {}

Database::~Database() {
  for (const auto& [sql, raw] : idle_->by_sql) sqlite3_finalize(raw);
  const int answer = sqlite3_close(handle_);
  CF_ENSURE(answer == SQLITE_OK, "a statement outlives its database", file_);
}

Result<std::unique_ptr<Database>> Database::open(const Options& options) {
  const std::string file = options.file.string();
  const std::string what = "open database " + file;
  const int access = options.access == Options::Access::read_only
                         ? SQLITE_OPEN_READONLY
                         : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* handle = nullptr;
  errno = 0;  // For error_from().
  const int answer = sqlite3_open_v2(file.c_str(), &handle,
                                     access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  if (answer != SQLITE_OK) {
    Error error = error_from(handle, answer, what, file);
    sqlite3_close(handle);
    return error;
  }
  std::unique_ptr<Database> database(new Database(file, handle));
  auto configured = database->configure(options);
  if (!configured) return std::move(configured).error().while_doing(what);
  return database;
}

Status Database::configure(const Options& options) {
  sqlite3_busy_timeout(handle_, int(options.busy_timeout.count()));
  CF_CHECK(
      execute("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; "
              "PRAGMA temp_store = MEMORY; PRAGMA synchronous = FULL; "
              // Deleted bytes are overwritten (Debian's default, said for any other build).
              "PRAGMA secure_delete = ON;"));
  CF_CHECK(execute("PRAGMA cache_size = -" + std::to_string(options.cache_bytes / kKiB)));
  if (options.access == Options::Access::read_only) return Done{};
  CF_CHECK(execute("PRAGMA page_size = " + std::to_string(options.page_bytes)));
  CF_CHECK(switch_to_wal(options.busy_timeout));
  const std::size_t pages = options.checkpoint_bytes / options.page_bytes;
  return execute("PRAGMA wal_autocheckpoint = " + std::to_string(pages));
}

// A new file is switched by one connection that has it alone, and there SQLite does not ask the
// busy handler: of several that open it at once, the others try again.
Status Database::switch_to_wal(std::chrono::milliseconds longest) {
  constexpr std::chrono::milliseconds kTryAgainAfter{2};
  for (auto left = longest;; left -= kTryAgainAfter) {
    const Status switched = try_wal();
    const bool busy = !switched && switched.error().code() == Code::unavailable;
    if (!busy || left <= kTryAgainAfter) return switched;
    sqlite3_sleep(int(kTryAgainAfter.count()));
  }
}

Status Database::try_wal() {
  CF_TRY(auto mode, statement("PRAGMA journal_mode = WAL"));
  CF_TRY(const bool row, mode.step());
  if (row && mode.text(0) == "wal") return Done{};
  return Error(Code::invalid_argument,
               file_ + " cannot be opened in WAL mode: the file system must be a local one");
}

Result<Statement> Database::statement(std::string_view sql) {
  if (const auto found = idle_->by_sql.find(sql); found != idle_->by_sql.end()) {
    sqlite3_stmt* raw = found->second;
    idle_->by_sql.erase(found);
    return Statement(*this, raw);
  }
  sqlite3_stmt* raw = nullptr;
  const int answer = sqlite3_prepare_v3(handle_, sql.data(), int(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (answer != SQLITE_OK) {
    return error_from(handle_, answer, "prepare `" + std::string(sql) + "`", file_);
  }
  CF_ENSURE(raw != nullptr, sql);
  return Statement(*this, raw);
}

void Database::give_back(sqlite3_stmt* raw) {
  if (idle_->by_sql.size() >= kIdleStatementsMax) {
    sqlite3_finalize(raw);
    return;
  }
  sqlite3_reset(raw);
  sqlite3_clear_bindings(raw);
  idle_->by_sql.emplace(sqlite3_sql(raw), raw);
}

Status Database::execute(std::string_view sql) {
  const std::string text(sql);
  errno = 0;  // For error_from().
  const int answer = sqlite3_exec(handle_, text.c_str(), nullptr, nullptr, nullptr);
  if (answer != SQLITE_OK) return error_from(handle_, answer, "run `" + text + "`", file_);
  return Done{};
}

std::int64_t Database::last_insert_id() const {
  return sqlite3_last_insert_rowid(handle_);
}

Result<std::int64_t> Database::data_version() {
  CF_TRY(auto version, statement("PRAGMA data_version"));
  CF_TRY(const bool row, version.step());
  return row ? version.integer(0) : 0;
}

Status Database::check_integrity() {
  CF_TRY(auto check, statement("PRAGMA integrity_check(1)"));
  CF_TRY(const bool row, check.step());
  if (row && check.text(0) == "ok") return Done{};
  return Error(Code::corrupt, file_ + " is damaged (" +
                                  std::string(row ? check.text(0) : "no answer") +
                                  "): restore it from a backup");
}

Status Database::empty_log() {
  const int answer =
      sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  if (answer == SQLITE_OK) return Done{};
  return error_from(handle_, answer, "empty the log", file_);
}
bool Database::in_transaction() const {
  return sqlite3_get_autocommit(handle_) == 0;
}

}  // namespace cloudfolio::sqlite

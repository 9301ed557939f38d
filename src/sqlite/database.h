#pragma once
// A connection to one SQLite file, set up the way this program wants it: WAL, synchronous=FULL,
// foreign keys, a busy timeout.
//
// Promises: a transaction whose commit returned is on the disk. Other connections, of this process
// or
//   of another, may be open on the same file: readers never wait, writers take turns.
// Threads:  one thread at a time; may move between threads. For many readers: readers.h. For many
//   writers: group_commit.h.
// Errors:   unavailable: disk full, or another process held the write lock for longer than
//   busy_timeout. corrupt: the file is damaged or is no database; the message says the way out.
//   permission_denied: the file cannot be written.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/result.h"
#include "sqlite/statement.h"

struct sqlite3;

namespace cloudfolio::sqlite {

struct Options {
  enum class Access : std::uint8_t {
    read_write,  // Made if missing; the folder must exist.
    read_only,   // Never writes rows; the file must exist.
  };

  std::filesystem::path file;
  Access access = Access::read_write;
  std::size_t cache_bytes = 16 * kMiB;  // Of this connection alone.
  std::size_t page_bytes = 8 * kKiB;    // Counts when the file is made; a power of two.
  // Longest wait for another process's write transaction.
  std::chrono::milliseconds busy_timeout{10'000};
  // The log is copied back into the file when it reaches this size.
  std::size_t checkpoint_bytes = 16 * kMiB;
};

// Neither copied nor moved: statements point to it.
class Database {
 public:
  static Result<std::unique_ptr<Database>> open(const Options& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // A prepared statement. The connection keeps it prepared after use, so asking again for the same
  // text is cheap; at most kIdleStatementsMax are kept, so the text must not hold data: bind it.
  Result<Statement> statement(std::string_view sql);
  // Runs one or more statements without parameters and without interest in rows.
  Status execute(std::string_view sql);

  // The id of the row inserted last.
  std::int64_t last_insert_id() const;
  // A number that changes when another connection has committed. Cheap: it reads shared memory.
  Result<std::int64_t> data_version();
  // Reads every page; corrupt, with what SQLite found first, if anything is wrong. Slow.
  Status check_integrity();
  // Copies the log into the file and leaves it empty: what was deleted before, by whatever
  // connection, is in neither any more. Waits for readers and writers; unavailable: busy_timeout
  // was not enough, try again.
  Status empty_log();

  // True between BEGIN and COMMIT or ROLLBACK. A full disk ends a transaction by itself.
  bool in_transaction() const;
  const std::string& file() const { return file_; }

  static constexpr std::size_t kIdleStatementsMax = 200;

 private:
  friend class Statement;
  struct Idle;  // Statements waiting to be used again.
  Database(std::string file, sqlite3* handle);
  Status configure(const Options& options);
  Status switch_to_wal(std::chrono::milliseconds longest);
  Status try_wal();
  void give_back(sqlite3_stmt* raw);

  std::string file_;
  sqlite3* handle_;
  std::unique_ptr<Idle> idle_;
};

}  // namespace cloudfolio::sqlite

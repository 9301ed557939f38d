#include "migrate/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <mutex>
#include <sstream>

#include "crypto/hash.h"
#include "sqlite/database.h"
#include "sqlite/group_commit.h"
#include "sqlite/migration.h"

namespace cloudfolio::migrate {

namespace {

constexpr sqlite::Migration kMigrations[] = {
    {1, R"sql(
      CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE item (
        place TEXT NOT NULL,
        key BLOB NOT NULL,
        state INTEGER NOT NULL,
        source_etag TEXT NOT NULL,
        digest TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        there TEXT NOT NULL,
        etag TEXT NOT NULL,
        backup TEXT NOT NULL,
        pass INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (place, key)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE checkpoint (
        place TEXT NOT NULL,
        pass INTEGER NOT NULL,
        continuation TEXT NOT NULL,
        finished INTEGER NOT NULL,
        PRIMARY KEY (place, pass)
      ) STRICT, WITHOUT ROWID;
    )sql"},
};
static_assert(sqlite::numbered_from_one(kMigrations));
constexpr sqlite::Schema kSchema{"migration journal", 0x434d4a31, kMigrations};

constexpr char kColumns[] = "key, state, source_etag, digest, size_bytes, there, etag, backup";
constexpr char kUpsert[] =
    "INSERT INTO item (place, key, state, source_etag, digest, size_bytes, there, etag, backup) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (place, key) DO UPDATE SET "
    "state = ?3, source_etag = ?4, digest = ?5, size_bytes = ?6, there = ?7, etag = ?8, backup = "
    "?9";

Error system_error(const std::string& what) {
  const int reason = errno;
  const Code code =
      reason == EACCES || reason == EROFS ? Code::permission_denied : Code::unavailable;
  return Error(code, what + ": " + std::strerror(reason));
}

Row row_from(const sqlite::Statement& found) {
  Row row;
  row.key = found.bytes(0);
  row.state = static_cast<State>(found.integer(1));
  row.source_etag = found.text(2);
  row.digest = found.text(3);
  row.size_bytes = static_cast<std::uint64_t>(found.integer(4));
  row.there = found.text(5);
  row.etag = found.text(6);
  row.backup = found.text(7);
  return row;
}

Status upsert(sqlite::Database& db, const std::string& place, const Row& row) {
  CF_TRY(auto statement, db.statement(kUpsert));
  CF_CHECK(statement.run(place, sqlite::Bytes{row.key}, static_cast<int>(row.state),
                         row.source_etag, row.digest, row.size_bytes, row.there, row.etag,
                         row.backup));
  return Done{};
}

Status set_fact(sqlite::Database& db, const std::string& name, const std::string& text) {
  CF_TRY(auto statement, db.statement("INSERT OR REPLACE INTO fact (name, value) VALUES (?1, ?2)"));
  CF_CHECK(statement.run(name, text));
  return Done{};
}

Result<std::string> fact(sqlite::Database& db, const std::string& name) {
  CF_TRY(auto statement, db.statement("SELECT value FROM fact WHERE name = ?1"));
  CF_CHECK(statement.bind(name));
  CF_TRY(const bool there, statement.step());
  return there ? std::string(statement.text(0)) : std::string();
}

// Both names at once: a journal has both or none, however it ends.
Status name_stores(sqlite::Database& db, const std::string& from, const std::string& to) {
  CF_TRY(auto statement,
         db.statement("INSERT OR REPLACE INTO fact (name, value) VALUES ('from', ?1), ('to', ?2)"));
  CF_CHECK(statement.run(from, to));
  return Done{};
}

// The journal is of these two stores, or new. One that names the first store alone is new too: it
// was made by a version that wrote one name after the other, and killed in between.
Status claim(sqlite::Database& db, const std::string& from, const std::string& to) {
  CF_TRY(const std::string known_from, fact(db, "from"));
  CF_TRY(const std::string known_to, fact(db, "to"));
  if (known_to.empty() && (known_from.empty() || known_from == from)) {
    return name_stores(db, from, to);
  }
  if (known_from == from && known_to == to) return Done{};
  return Error(Code::invalid_argument, "the journal is of a migration from " + known_from + " to " +
                                           known_to + "; give another one with --journal");
}

Result<int> lock(const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder / "backup", failed);
  if (failed)
    return Error(Code::permission_denied,
                 "cannot make the folder '" + folder.string() + "': " + failed.message());
  const std::string file = folder / "lock";
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return system_error("cannot open '" + file + "'");
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
  ::close(descriptor);
  return Error(Code::unavailable,
               "another process works with the journal '" + folder.string() + "'; wait for it");
}

}  // namespace

struct Journal::Failed {
  std::mutex mutex;
  std::optional<Error> error;
};

Result<std::unique_ptr<Journal>> Journal::open(const std::filesystem::path& folder,
                                               const std::string& from, const std::string& to) {
  CF_TRY(const int descriptor, lock(folder));
  sqlite::Options options;
  options.file = folder / "journal.db";
  auto opened = [&]() -> Result<std::unique_ptr<Journal>> {
    CF_TRY(auto writer, sqlite::Database::open(options));
    CF_CHECK(sqlite::migrate(*writer, kSchema));
    CF_CHECK(claim(*writer, from, to));
    options.access = sqlite::Options::Access::read_only;
    CF_TRY(auto reader, sqlite::Database::open(options));
    return std::unique_ptr<Journal>(
        new Journal(folder, descriptor, std::move(reader), std::move(writer)));
  }();
  if (!opened) ::close(descriptor);
  return opened;
}

Journal::Journal(std::filesystem::path folder, int lock, std::unique_ptr<sqlite::Database> reader,
                 std::unique_ptr<sqlite::Database> writer)
    : folder_(std::move(folder)),
      lock_(lock),
      reader_(std::move(reader)),
      failed_(std::make_shared<Failed>()),
      writer_(std::make_unique<sqlite::GroupCommit>(std::move(writer))) {}

Journal::~Journal() {
  writer_.reset();
  ::close(lock_);
}

Status Journal::intend(const std::string& place, const Row& row) {
  return writer_->apply([&](sqlite::Database& db) { return upsert(db, place, row); });
}

void Journal::note(const std::string& place, const Row& row) {
  writer_->submit([place, row](sqlite::Database& db) { return upsert(db, place, row); },
                  [failed = failed_](const Status& status) {
                    if (status) return;
                    const std::scoped_lock guard(failed->mutex);
                    if (!failed->error) failed->error = status.error();
                  });
}

Result<std::map<std::string, Row>> Journal::rows(const std::string& place, const std::string& first,
                                                 const std::string& last) {
  CF_TRY(auto statement, reader_->statement("SELECT " + std::string(kColumns) +
                                            " FROM item WHERE place = ?1 AND key BETWEEN ?2 AND "
                                            "?3"));
  CF_CHECK(statement.bind(place, sqlite::Bytes{first}, sqlite::Bytes{last}));
  std::map<std::string, Row> rows;
  while (true) {
    CF_TRY(const bool there, statement.step());
    if (!there) return rows;
    Row row = row_from(statement);
    std::string key = row.key;
    rows.emplace(std::move(key), std::move(row));
  }
}

Result<std::vector<Row>> Journal::rows_after(const std::string& place, const std::string& after,
                                             std::size_t count) {
  CF_TRY(auto statement,
         reader_->statement("SELECT " + std::string(kColumns) +
                            " FROM item WHERE place = ?1 AND key > ?2 ORDER BY key LIMIT ?3"));
  CF_CHECK(statement.bind(place, sqlite::Bytes{after}, count));
  std::vector<Row> rows;
  while (true) {
    CF_TRY(const bool there, statement.step());
    if (!there) return rows;
    rows.push_back(row_from(statement));
  }
}

Result<std::vector<Row>> Journal::unseen_after(const std::string& place, std::int64_t pass,
                                               const std::string& after, std::size_t count) {
  CF_TRY(auto statement,
         reader_->statement("SELECT " + std::string(kColumns) +
                            " FROM item WHERE place = ?1 AND key > ?2 AND pass < ?3 AND state IN "
                            "(1, 2, 5) ORDER BY key LIMIT ?4"));
  CF_CHECK(statement.bind(place, sqlite::Bytes{after}, pass, count));
  std::vector<Row> rows;
  while (true) {
    CF_TRY(const bool there, statement.step());
    if (!there) return rows;
    rows.push_back(row_from(statement));
  }
}

Result<std::vector<std::string>> Journal::places() {
  CF_TRY(auto statement, reader_->statement("SELECT DISTINCT place FROM item ORDER BY place"));
  CF_CHECK(statement.bind());
  std::vector<std::string> places;
  while (true) {
    CF_TRY(const bool there, statement.step());
    if (!there) return places;
    places.emplace_back(statement.text(0));
  }
}

Result<std::int64_t> Journal::begin_pass() {
  CF_TRY(const std::string ended, fact(*reader_, "ended_passes"));
  return ended.empty() ? 1 : std::stoll(ended) + 1;
}

Status Journal::end_pass(std::int64_t pass) {
  return writer_->apply([&](sqlite::Database& db) -> Status {
    CF_TRY(auto old, db.statement("DELETE FROM checkpoint WHERE pass <= ?1"));
    CF_CHECK(old.run(pass));
    return set_fact(db, "ended_passes", std::to_string(pass));
  });
}

Result<Journal::Checkpoint> Journal::checkpoint(const std::string& place, std::int64_t pass) {
  CF_TRY(auto statement, reader_->statement("SELECT continuation, finished FROM checkpoint WHERE "
                                            "place = ?1 AND pass = ?2"));
  CF_CHECK(statement.bind(place, pass));
  CF_TRY(const bool there, statement.step());
  if (!there) return Checkpoint{};
  return Checkpoint{std::string(statement.text(0)), statement.integer(1) != 0};
}

Status Journal::settle(const std::string& place, std::int64_t pass,
                       const std::vector<std::string>& keys, const Checkpoint& checkpoint) {
  // Works run in order, so every note of before has run once this one has.
  CF_CHECK(writer_->apply([&](sqlite::Database& db) -> Status {
    const std::scoped_lock guard(failed_->mutex);
    if (failed_->error) return *failed_->error;
    CF_TRY(auto seen, db.statement("UPDATE item SET pass = ?1 WHERE place = ?2 AND key = ?3"));
    for (const std::string& key : keys) CF_CHECK(seen.run(pass, place, sqlite::Bytes{key}));
    CF_TRY(auto move, db.statement("INSERT OR REPLACE INTO checkpoint (place, pass, continuation, "
                                   "finished) VALUES (?1, ?2, ?3, ?4)"));
    CF_CHECK(move.run(place, pass, checkpoint.continuation, checkpoint.finished ? 1 : 0));
    return Done{};
  }));
  const std::scoped_lock guard(failed_->mutex);
  if (failed_->error) return *failed_->error;
  return Done{};
}

Status Journal::flush() {
  return writer_->apply([this](sqlite::Database&) -> Status {
    const std::scoped_lock guard(failed_->mutex);
    if (failed_->error) return *failed_->error;
    return Done{};
  });
}

Result<std::string> Journal::save_backup(const std::string& place, const std::string& key,
                                         const std::string& bytes) {
  const std::string name = crypto::sha256_hex(place + '\n' + key);
  const std::string file = folder_ / "backup" / name;
  const int descriptor =
      ::open((file + ".new").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0) return system_error("cannot write '" + file + "'");
  std::size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t count = ::write(descriptor, bytes.data() + written, bytes.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    written += static_cast<std::size_t>(count);
  }
  const bool whole = written == bytes.size() && ::fsync(descriptor) == 0;
  if (!whole) {
    Error error = system_error("cannot write '" + file + "'");
    ::close(descriptor);
    return error;
  }
  ::close(descriptor);
  if (::rename((file + ".new").c_str(), file.c_str()) != 0)
    return system_error("cannot write '" + file + "'");
  return name;
}

Result<std::string> Journal::read_backup(const std::string& name) const {
  std::ifstream in(folder_ / "backup" / name, std::ios::binary);
  if (!in) return Error(Code::corrupt, "the migration's backup '" + name + "' is gone");
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return std::move(bytes).str();
}

}  // namespace cloudfolio::migrate

#include "durable/embedded/journal.h"

#include <system_error>

#include "base/ensure.h"
#include "durable/codec.h"
#include "durable/embedded/directory_lock.h"
#include "durable/embedded/rows.h"
#include "durable/embedded/schema.h"
#include "sqlite/database.h"
#include "sqlite/transaction.h"

namespace cloudfolio::durable {
namespace {

using sqlite::Bytes;
using sqlite::Database;
using sqlite::Statement;
using sqlite::Transaction;

std::string select_instances(std::string_view where) {
  return "SELECT " + std::string(kInstanceColumns) + " FROM instance WHERE " + std::string(where);
}

std::optional<std::int64_t> micros_if(const std::optional<Clock::WallTime>& time) {
  if (!time) return std::nullopt;
  return micros(*time);
}

}  // namespace

struct Journal::Open {
  std::unique_ptr<DirectoryLock> lock;
  std::unique_ptr<Database> db;
  std::optional<Transaction> transaction;
  Fault fault;
};

Journal::Journal(std::unique_ptr<Open> open) : open_(std::move(open)) {}
Journal::~Journal() = default;

Status empty_journal_log(const std::filesystem::path& directory) {
  sqlite::Options options;
  options.file = directory / kJournalFile;
  CF_TRY(const auto database, Database::open(options));
  return database->empty_log();
}

Result<std::unique_ptr<Journal>> Journal::open(const std::filesystem::path& directory,
                                               Fault fault) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (failed) {
    return Error(Code::unavailable, "create " + directory.string() + ": " + failed.message());
  }
  auto open = std::make_unique<Open>();
  open->fault = std::move(fault);
  CF_TRY(open->lock, DirectoryLock::take(directory));
  sqlite::Options options;
  options.file = directory / kJournalFile;
  CF_TRY(open->db, Database::open(options));
  CF_CHECK(sqlite::migrate(*open->db, kJournalSchema));
  std::unique_ptr<Journal> journal(new Journal(std::move(open)));
  CF_TRY(auto last, journal->open_->db->statement("SELECT COALESCE(MAX(seq), 0) FROM inbox"));
  CF_TRY(const bool row, last.step());
  CF_ENSURE(row, "an aggregate without a row");
  journal->last_seq_ = last.integer(0);
  return journal;
}

Status Journal::allowed(std::string_view operation) const {
  if (!open_->fault) return Done{};
  return open_->fault(operation);
}

template <class... Values>
Result<std::int64_t> Journal::write(std::string_view operation, std::string_view sql,
                                    const Values&... values) {
  CF_ENSURE(open_->transaction.has_value(), "a write outside a transaction:", operation);
  if (auto refused = allowed(operation); !refused) return noted(std::move(refused).error());
  CF_TRY(auto statement, prepared(sql));
  auto changed_count = statement.run(values...);
  if (!changed_count) return noted(std::move(changed_count).error().while_doing(operation));
  return changed_count;
}

Result<Statement> Journal::prepared(std::string_view sql) {
  auto statement = open_->db->statement(sql);
  if (!statement) return noted(std::move(statement).error());
  return statement;
}

Result<bool> Journal::next(Statement& rows) {
  auto row = rows.step();
  if (!row) return noted(std::move(row).error());
  return row;
}

Error Journal::noted(Error error) {
  if (!broken_) broken_ = error;
  return error;
}

Status Journal::begin() {
  broken_.reset();
  CF_CHECK(allowed("begin"));
  CF_TRY(auto transaction, Transaction::begin(*open_->db, Transaction::Kind::write));
  open_->transaction.emplace(std::move(transaction));
  return Done{};
}

Status Journal::commit() {
  auto committed = broken_ ? Status(*broken_) : allowed("commit");
  if (committed) committed = open_->transaction->commit();
  open_->transaction.reset();
  return committed;
}

void Journal::roll_back() {
  open_->transaction.reset();
}

Result<std::optional<InstanceRow>> Journal::find(const std::string& id) {
  static const std::string kSql = select_instances("id = ?1");
  CF_TRY(auto rows, prepared(kSql));
  CF_CHECK(rows.bind(id));
  CF_TRY(const bool row, next(rows));
  if (!row) return std::optional<InstanceRow>();
  CF_TRY(auto instance, instance_from(rows));
  return std::optional(std::move(instance));
}

Result<std::optional<InstanceRow>> Journal::find(std::int64_t key) {
  static const std::string kSql = select_instances("key = ?1");
  CF_TRY(auto rows, prepared(kSql));
  CF_CHECK(rows.bind(key));
  CF_TRY(const bool row, next(rows));
  if (!row) return std::optional<InstanceRow>();
  CF_TRY(auto instance, instance_from(rows));
  return std::optional(std::move(instance));
}

Result<std::vector<std::string>> Journal::live_children(std::int64_t key) {
  CF_TRY(auto rows,
         prepared("SELECT id FROM instance WHERE parent_key = ?1 AND completed IS NULL"));
  CF_CHECK(rows.bind(key));
  std::vector<std::string> ids;
  while (true) {
    CF_TRY(const bool row, next(rows));
    if (!row) return ids;
    ids.emplace_back(rows.text(0));
  }
}

Status Journal::insert(InstanceRow& row) {
  std::optional<std::int64_t> parent_key;
  std::optional<std::string> parent;
  if (row.parent) {
    CF_TRY(const auto found, find(row.parent->instance_id));
    if (found) parent_key = found->key;
    parent = encode_parent(*row.parent);
  }
  const auto tags = encode(row.tags);
  const sqlite::Binding parent_bytes =
      parent ? sqlite::Binding(Bytes{*parent}) : sqlite::Binding(nullptr);
  CF_CHECK(write("insert instance",
                 "INSERT INTO instance (id, execution_id, name, version, status, created, updated, "
                 "completed, parent_key, parent, trace_parent, tags, custom_status, stalled, "
                 "chunks_count, events_count, history_bytes, last_event_id) VALUES (?1, ?2, ?3, "
                 "?4, ?5, ?6, ?7, NULL, ?8, ?9, ?10, ?11, '', NULL, 0, 0, 0, 0)",
                 row.id, row.execution_id, row.name, row.version, static_cast<int>(row.status),
                 micros(row.created), micros(row.updated), parent_key, parent_bytes,
                 row.trace_parent, Bytes{tags}));
  row.key = open_->db->last_insert_id();
  return Done{};
}

Status Journal::update(const InstanceRow& row) {
  CF_CHECK(write("update instance",
                 "UPDATE instance SET execution_id = ?2, status = ?3, updated = ?4, completed = "
                 "?5, custom_status = ?6, stalled = ?7, chunks_count = ?8, events_count = ?9, "
                 "history_bytes = ?10, last_event_id = ?11 WHERE key = ?1",
                 row.key, row.execution_id, static_cast<int>(row.status), micros(row.updated),
                 micros_if(row.completed), row.custom_status, row.stalled, row.chunks_count,
                 row.events_count, row.history_bytes, row.last_event_id));
  return Done{};
}

Status Journal::remove(std::int64_t key) {
  CF_CHECK(clear_pending(key));
  CF_CHECK(clear_history(key));
  CF_CHECK(write("remove instance", "DELETE FROM instance WHERE key = ?1", key));
  return Done{};
}

Result<std::vector<std::string>> Journal::finished_before(Clock::WallTime time,
                                                          std::size_t count_max) {
  CF_TRY(auto rows, prepared("SELECT id FROM instance WHERE completed < ?1 "
                             "ORDER BY completed LIMIT ?2"));
  CF_CHECK(rows.bind(micros(time), count_max));
  std::vector<std::string> ids;
  while (true) {
    CF_TRY(const bool row, next(rows));
    if (!row) return ids;
    ids.emplace_back(rows.text(0));
  }
}

Status Journal::append_chunk(std::int64_t key, std::int64_t number, std::string_view events) {
  CF_CHECK(write("append history",
                 "INSERT INTO history (instance_key, number, events) VALUES (?1, ?2, ?3)", key,
                 number, Bytes{events}));
  return Done{};
}

Result<History> Journal::history(std::int64_t key) {
  CF_TRY(auto rows, prepared("SELECT events FROM history WHERE instance_key = ?1 ORDER BY number"));
  CF_CHECK(rows.bind(key));
  History events;
  while (true) {
    CF_TRY(const bool row, next(rows));
    if (!row) return events;
    CF_CHECK(decode_chunk(rows.bytes(0), events));
  }
}

Result<std::int64_t> Journal::clear_pending(std::int64_t key) {
  CF_CHECK(write("clear inbox", "DELETE FROM inbox WHERE instance_key = ?1", key));
  return write("clear tasks", "DELETE FROM task WHERE instance_key = ?1", key);
}

Status Journal::clear_history(std::int64_t key) {
  CF_CHECK(write("clear history", "DELETE FROM history WHERE instance_key = ?1", key));
  return Done{};
}

Status Journal::insert_task(const TaskRow& task) {
  const auto event = encode(task.scheduled);
  CF_CHECK(write("insert task",
                 "INSERT INTO task (instance_key, task_id, attempt, event) VALUES (?1, ?2, ?3, ?4)",
                 task.instance_key, task.scheduled.event_id, task.attempt, Bytes{event}));
  return Done{};
}

Result<bool> Journal::remove_task(std::int64_t key, std::int32_t task_id) {
  CF_TRY(const auto count,
         write("remove task", "DELETE FROM task WHERE instance_key = ?1 AND task_id = ?2", key,
               task_id));
  return count == 1;
}

Status Journal::set_attempt(std::int64_t key, std::int32_t task_id, int attempt) {
  CF_CHECK(write("count attempt",
                 "UPDATE task SET attempt = ?3 WHERE instance_key = ?1 AND task_id = ?2", key,
                 task_id, attempt));
  return Done{};
}

Result<std::vector<TaskRow>> Journal::tasks() {
  CF_TRY(auto rows, prepared("SELECT instance_key, attempt, event FROM task "
                             "ORDER BY instance_key, task_id"));
  std::vector<TaskRow> tasks;
  while (true) {
    CF_TRY(const bool row, next(rows));
    if (!row) return tasks;
    CF_TRY(auto event, decode_event(rows.bytes(2)));
    tasks.push_back(TaskRow{rows.integer(0), static_cast<int>(rows.integer(1)), std::move(event)});
  }
}

Status Journal::insert_message(const MessageRow& message) {
  const auto event = encode(message.event);
  CF_CHECK(write("insert message",
                 "INSERT INTO inbox (seq, instance_key, due, event) VALUES (?1, ?2, ?3, ?4)",
                 message.seq, message.instance_key, micros_if(message.due), Bytes{event}));
  return Done{};
}

Status Journal::remove_message(std::int64_t seq) {
  CF_CHECK(write("remove message", "DELETE FROM inbox WHERE seq = ?1", seq));
  return Done{};
}

Result<std::vector<MessageRow>> Journal::read_messages(Statement& rows) {
  std::vector<MessageRow> messages;
  while (true) {
    CF_TRY(const bool row, next(rows));
    if (!row) return messages;
    MessageRow message{rows.integer(0), rows.integer(1), std::nullopt, {}};
    if (!rows.is_null(2)) message.due = from_micros(rows.integer(2));
    CF_TRY(message.event, decode_event(rows.bytes(3)));
    messages.push_back(std::move(message));
  }
}

Result<std::optional<MessageRow>> Journal::find_message(std::int64_t seq) {
  CF_TRY(auto rows, prepared("SELECT seq, instance_key, due, event FROM inbox WHERE seq = ?1"));
  CF_CHECK(rows.bind(seq));
  CF_TRY(auto found, read_messages(rows));
  if (found.empty()) return std::optional<MessageRow>();
  return std::optional(std::move(found.front()));
}

Result<std::vector<MessageRow>> Journal::messages_of(std::int64_t key) {
  CF_TRY(auto rows, prepared("SELECT seq, instance_key, due, event FROM inbox "
                             "WHERE instance_key = ?1 ORDER BY seq"));
  CF_CHECK(rows.bind(key));
  return read_messages(rows);
}

Result<std::vector<MessageRow>> Journal::messages() {
  CF_TRY(auto rows, prepared("SELECT seq, instance_key, due, event FROM inbox ORDER BY seq"));
  return read_messages(rows);
}

Status Journal::check_integrity() {
  return open_->db->check_integrity();
}

}  // namespace cloudfolio::durable

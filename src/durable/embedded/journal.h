#pragma once
// The orchestration log: the only code that knows the tables of `orchestrations.db`.
//
// Tables (docs/formats/history.md): instance: one row an instance. history: the events of its
// current execution, one HistoryChunk a turn. task: activities scheduled and without a result.
// inbox: messages not taken yet, among them the timers that will fire (`due`).
//
// Promises: everything between begin() and a successful commit() is durable together or not at all.
// Threads: one at a time (the scheduler's owner); reads from other threads go through
// JournalReader. Errors: as sqlite/database.h; conflict: another process has the directory.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "durable/client.h"
#include "durable/history.h"

namespace cloudfolio::sqlite {
class Database;
class Statement;
}  // namespace cloudfolio::sqlite

namespace cloudfolio::durable {

inline constexpr std::string_view kJournalFile = "orchestrations.db";

// A row of `instance`.
struct InstanceRow {
  std::int64_t key = 0;
  std::string id;
  std::string execution_id;
  std::string name;
  std::string version;
  OrchestrationStatus status = OrchestrationStatus::pending;
  Clock::WallTime created{};
  Clock::WallTime updated{};
  std::optional<Clock::WallTime> completed;
  std::optional<ParentInstance> parent;
  std::string trace_parent;
  Tags tags;
  std::string custom_status;
  std::optional<std::string> stalled;
  std::int64_t chunks_count = 0;
  std::int64_t events_count = 0;
  std::int64_t history_bytes = 0;
  std::int32_t last_event_id = 0;
};

struct TaskRow {
  std::int64_t instance_key = 0;
  int attempt = 1;
  HistoryEvent scheduled;  // Its TaskScheduled; event_id is the task's id.
};

struct MessageRow {
  std::int64_t seq = 0;
  std::int64_t instance_key = 0;
  std::optional<Clock::WallTime> due;
  HistoryEvent event;
};

// What was removed from the journal is then in no file of the directory. The journal may be open.
// Errors: unavailable: it is being read for long; try again.
Status empty_journal_log(const std::filesystem::path& directory);

class Journal {
 public:
  // Called with the operation's name before each write and commit; an error is what the disk says.
  using Fault = std::function<Status(std::string_view operation)>;

  static Result<std::unique_ptr<Journal>> open(const std::filesystem::path& directory,
                                               Fault fault = {});
  ~Journal();

  Status begin();
  // Refuses, and undoes everything, where any operation since begin() failed.
  Status commit();
  void roll_back();
  // What failed since begin(), if anything did: the transaction can only be rolled back.
  const std::optional<Error>& broken() const { return broken_; }

  Result<std::optional<InstanceRow>> find(const std::string& id);
  Result<std::optional<InstanceRow>> find(std::int64_t key);
  // Live instances whose parent is `key`.
  Result<std::vector<std::string>> live_children(std::int64_t key);
  // Gives the row its key.
  Status insert(InstanceRow& row);
  Status update(const InstanceRow& row);
  // Forgets the instance and all that belongs to it.
  Status remove(std::int64_t key);
  Result<std::vector<std::string>> finished_before(Clock::WallTime time, std::size_t count_max);

  Status append_chunk(std::int64_t key, std::int64_t number, std::string_view events);
  Result<History> history(std::int64_t key);
  // Deletes the execution's tasks and messages; how many tasks.
  Result<std::int64_t> clear_pending(std::int64_t key);
  Status clear_history(std::int64_t key);

  Status insert_task(const TaskRow& task);
  // False if there is none (any more): its result is a duplicate.
  Result<bool> remove_task(std::int64_t key, std::int32_t task_id);
  Status set_attempt(std::int64_t key, std::int32_t task_id, int attempt);
  Result<std::vector<TaskRow>> tasks();

  // Numbers count up and are not used twice while the journal is open.
  std::int64_t next_seq() { return ++last_seq_; }
  Status insert_message(const MessageRow& message);
  Status remove_message(std::int64_t seq);
  Result<std::optional<MessageRow>> find_message(std::int64_t seq);
  Result<std::vector<MessageRow>> messages_of(std::int64_t key);
  // All of them, by seq.
  Result<std::vector<MessageRow>> messages();

  Status check_integrity();

 private:
  struct Open;
  explicit Journal(std::unique_ptr<Open> open);
  Status allowed(std::string_view operation) const;
  Result<sqlite::Statement> prepared(std::string_view sql);
  Result<bool> next(sqlite::Statement& rows);
  Error noted(Error error);
  template <class... Values>
  Result<std::int64_t> write(std::string_view operation, std::string_view sql,
                             const Values&... values);
  Result<std::vector<MessageRow>> read_messages(sqlite::Statement& rows);

  std::unique_ptr<Open> open_;
  std::int64_t last_seq_ = 0;
  std::optional<Error> broken_;
};

}  // namespace cloudfolio::durable

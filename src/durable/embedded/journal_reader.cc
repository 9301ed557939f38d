#include "durable/embedded/journal_reader.h"

#include <algorithm>

#include "durable/codec.h"
#include "durable/embedded/rows.h"
#include "sqlite/readers.h"
#include "sqlite/transaction.h"

namespace cloudfolio::durable {
namespace {

using sqlite::Database;
using sqlite::Transaction;

constexpr std::size_t kConnectionsCount = 2;

// One chunk of an execution's history; empty where there is none.
Result<History> chunk(Database& db, std::int64_t key, std::int64_t number) {
  CF_TRY(auto rows,
         db.statement("SELECT events FROM history WHERE instance_key = ?1 AND number = ?2"));
  CF_CHECK(rows.bind(key, number));
  History events;
  CF_TRY(const bool row, rows.step());
  if (row) {
    CF_CHECK(decode_chunk(rows.bytes(0), events));
  }
  return events;
}

// The input of an instance that waits for its start.
Result<std::string> pending_input(Database& db, std::int64_t key) {
  CF_TRY(auto rows, db.statement("SELECT event FROM inbox WHERE instance_key = ?1 ORDER BY seq"));
  CF_CHECK(rows.bind(key));
  while (true) {
    CF_TRY(const bool row, rows.step());
    if (!row) return std::string();
    CF_TRY(auto event, decode_event(rows.bytes(0)));
    if (auto* started = std::get_if<ExecutionStarted>(&event.body)) return started->input;
  }
}

Status read_payloads(Database& db, const InstanceRow& row, OrchestrationState& state) {
  state.custom_status = row.custom_status;
  if (row.chunks_count == 0) {
    CF_TRY(state.input, pending_input(db, row.key));
    return Done{};
  }
  CF_TRY(const auto first, chunk(db, row.key, 0));
  for (const HistoryEvent& event : first) {
    if (const auto* started = std::get_if<ExecutionStarted>(&event.body)) {
      state.input = started->input;
    }
  }
  if (!is_terminal(row.status)) return Done{};
  CF_TRY(const auto last, chunk(db, row.key, row.chunks_count - 1));
  for (const HistoryEvent& event : last) {
    if (const auto* end = std::get_if<ExecutionCompleted>(&event.body)) {
      state.output = end->result;
      state.failure = end->failure;
    }
  }
  return Done{};
}

bool matches(const QueryFilter& filter, const InstanceRow& row) {
  const auto& statuses = filter.statuses;
  if (!statuses.empty() &&
      std::find(statuses.begin(), statuses.end(), row.status) == statuses.end()) {
    return false;
  }
  if (filter.created_from && row.created < *filter.created_from) return false;
  if (filter.created_to && row.created > *filter.created_to) return false;
  return row.id.compare(0, filter.id_prefix.size(), filter.id_prefix) == 0;
}

}  // namespace

JournalReader::JournalReader(std::unique_ptr<sqlite::Readers> readers)
    : readers_(std::move(readers)) {}
JournalReader::~JournalReader() = default;

Result<std::unique_ptr<JournalReader>> JournalReader::open(const std::filesystem::path& directory) {
  sqlite::Options options;
  options.file = directory / kJournalFile;
  CF_TRY(auto readers, sqlite::Readers::open(options, kConnectionsCount));
  return std::unique_ptr<JournalReader>(new JournalReader(std::move(readers)));
}

Result<OrchestrationState> JournalReader::state_of(Database& db, const InstanceRow& row,
                                                   Include include) {
  OrchestrationState state;
  state.instance = InstanceId(row.id);
  state.execution_id = row.execution_id;
  state.name = row.name;
  state.version = row.version;
  state.status = row.status;
  state.created = row.created;
  state.updated = row.updated;
  state.completed = row.completed;
  if (row.parent) state.parent_instance = row.parent->instance_id;
  state.tags = row.tags;
  state.stalled = row.stalled;
  if (include == Include::payloads) {
    CF_CHECK(read_payloads(db, row, state));
  }
  return state;
}

Result<std::optional<OrchestrationState>> JournalReader::get(const std::string& id,
                                                             Include include) {
  auto db = readers_->borrow();
  // One view: the row and its history belong together.
  CF_TRY(auto view, Transaction::begin(*db, Transaction::Kind::read));
  static const std::string kSql =
      "SELECT " + std::string(kInstanceColumns) + " FROM instance WHERE id = ?1";
  CF_TRY(auto rows, db->statement(kSql));
  CF_CHECK(rows.bind(id));
  CF_TRY(const bool row, rows.step());
  if (!row) return std::optional<OrchestrationState>();
  CF_TRY(const auto instance, instance_from(rows));
  CF_TRY(auto state, state_of(*db, instance, include));
  return std::optional(std::move(state));
}

Result<QueryPage> JournalReader::query(const QueryFilter& filter, std::size_t count_max,
                                       const std::string& from) {
  count_max = std::clamp<std::size_t>(count_max, 1, kQueryPageCountMax);
  auto db = readers_->borrow();
  CF_TRY(auto view, Transaction::begin(*db, Transaction::Kind::read));
  static const std::string kSql = "SELECT " + std::string(kInstanceColumns) +
                                  " FROM instance WHERE id > ?1 AND id >= ?2 ORDER BY id";
  CF_TRY(auto rows, db->statement(kSql));
  CF_CHECK(rows.bind(from, filter.id_prefix));
  QueryPage page;
  while (true) {
    CF_TRY(const bool row, rows.step());
    if (!row) return page;
    CF_TRY(const auto instance, instance_from(rows));
    if (instance.id.compare(0, filter.id_prefix.size(), filter.id_prefix) != 0) return page;
    if (!matches(filter, instance)) continue;
    if (page.instances.size() == count_max) {
      page.next = page.instances.back().instance.str();
      return page;
    }
    CF_TRY(auto state, state_of(*db, instance, filter.include));
    page.instances.push_back(std::move(state));
  }
}

Result<History> JournalReader::history(const std::string& id) {
  auto db = readers_->borrow();
  CF_TRY(auto rows, db->statement("SELECT h.events FROM instance i LEFT JOIN history h ON "
                                  "h.instance_key = i.key WHERE i.id = ?1 ORDER BY h.number"));
  CF_CHECK(rows.bind(id));
  History events;
  bool known = false;
  while (true) {
    CF_TRY(const bool row, rows.step());
    if (!row) break;
    known = true;
    if (!rows.is_null(0)) {
      CF_CHECK(decode_chunk(rows.bytes(0), events));
    }
  }
  if (!known) return Error(Code::not_found, "no orchestration instance '" + id + "'");
  return events;
}

}  // namespace cloudfolio::durable

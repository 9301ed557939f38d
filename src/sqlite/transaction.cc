#include "sqlite/transaction.h"

#include "sqlite/database.h"

namespace cloudfolio::sqlite {

namespace {

Status run(Database& database, std::string_view sql) {
  CF_TRY(auto statement, database.statement(sql));
  CF_CHECK(statement.run());
  return Done{};
}

}  // namespace

Result<Transaction> Transaction::begin(Database& database, Kind kind) {
  CF_CHECK(run(database, kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN"));
  return Transaction(database);
}

Status Transaction::commit() {
  auto committed = run(*database_, "COMMIT");
  if (committed) database_ = nullptr;
  return committed;  // On an error the destructor rolls back.
}

Transaction::~Transaction() {
  // SQLite may have rolled back by itself, as it does when the disk is full.
  if (database_ && database_->in_transaction()) (void)run(*database_, "ROLLBACK");
}

}  // namespace cloudfolio::sqlite

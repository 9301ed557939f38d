#pragma once
// A transaction that is rolled back unless committed.
//
//   CF_TRY(auto transaction, Transaction::begin(db, Transaction::Kind::write));
//   …
//   CF_CHECK(transaction.commit());

#include <cstdint>
#include <utility>

#include "base/result.h"

namespace cloudfolio::sqlite {

class Database;

class Transaction {
 public:
  enum class Kind : std::uint8_t {
    read,   // One unchanging view of the database until the end.
    write,  // Takes the write lock at once (BEGIN IMMEDIATE), so it never fails half-way for a
            // lock.
  };

  // The Database outlives the transaction, and has no other one open.
  static Result<Transaction> begin(Database& database, Kind kind);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  // Durable when it returns. On an error everything since begin() is undone.
  Status commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}

  Database* database_;  // Null once it is over.
};

}  // namespace cloudfolio::sqlite

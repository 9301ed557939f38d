#pragma once
// Many threads write, one disk sync pays for all of them.
//
// A writer thread owns the writing connection. Everything that arrives while one sync runs goes
// into the next transaction together; nothing ever waits for company.
//
// Promises: when apply() returns a success, or `finished` is called with one, the work is on the
// disk.
//   Works run one at a time, in the order they were handed over, each in a savepoint of its own:
//   one that returns an error is undone alone, and its error is its caller's answer. A transaction
//   that fails as a whole (disk full) undoes all of its works, and each gets that error. Each work
//   runs at most once.
// Threads:  thread-safe. Works and `finished` run on the writer thread: neither may call apply(),
// and
//   what they touch besides the Database is theirs to guard. submit() may be called from both.
// Lifetime: the destructor finishes what was handed over, then joins.
// Errors:   those of the work; unavailable (disk full, lock held by another process, too many works
//   waiting); corrupt.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/result.h"

namespace cloudfolio::sqlite {

class Database;

class GroupCommit {
 public:
  using Work = std::function<Status(Database&)>;
  using Finished = std::function<void(Status)>;

  struct Options {
    std::size_t transaction_works_max = 1'024;  // Bounds how long one transaction grows.
    std::size_t queued_works_max = 65'536;      // More are refused with `unavailable`.
  };
  struct Counts {
    std::uint64_t works = 0;         // Run, whatever their result.
    std::uint64_t transactions = 0;  // Committed.
  };

  GroupCommit(std::unique_ptr<Database> writer, Options options);
  explicit GroupCommit(std::unique_ptr<Database> writer);
  ~GroupCommit();

  // Runs `work` and returns when it is durable, or undone.
  Status apply(Work work);
  // The same without waiting. `finished` must not throw; while it runs, no other work does.
  void submit(Work work, Finished finished);

  // Since the start; for measurements and tests.
  Counts counts() const;

 private:
  class Writer;
  std::unique_ptr<Writer> writer_;
};

}  // namespace cloudfolio::sqlite

#pragma once
// Read connections to one file, lent to one thread at a time.
//
// WAL readers never wait for writers, so that many threads read while one writes. A thread that
// finds every connection lent waits for the next one.
//
// Threads:  thread-safe.
// Lifetime: outlives what it lent.

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "sqlite/database.h"

namespace cloudfolio::sqlite {

class Readers {
 public:
  // A lent connection, given back at the end of its life. Keep it for one call, not longer.
  class Lent {
   public:
    Lent(Lent&& other) noexcept : readers_(other.readers_), database_(std::move(other.database_)) {}
    Lent& operator=(Lent&&) = delete;
    ~Lent();
    Database* operator->() { return database_.get(); }
    Database& operator*() { return *database_; }

   private:
    friend Readers;
    Lent(Readers& readers, std::unique_ptr<Database> database)
        : readers_(&readers), database_(std::move(database)) {}

    Readers* readers_;
    std::unique_ptr<Database> database_;
  };

  // `options` as for the writer; access is forced to read_only. Opens `count` connections, at
  // least 1.
  static Result<std::unique_ptr<Readers>> open(Options options, std::size_t count);

  Lent borrow();

 private:
  explicit Readers(std::vector<std::unique_ptr<Database>> idle) : idle_(std::move(idle)) {}

  std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<std::unique_ptr<Database>> idle_;
};

}  // namespace cloudfolio::sqlite

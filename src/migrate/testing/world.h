#pragma once
// Two stores in memory and migrations between them, for tests.

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/clock.h"
#include "migrate/migration.h"
#include "storage/storage.h"

namespace cloudfolio::migrate {

inline const Context kCtx;

class World {
 public:
  World();
  ~World();

  storage::BlobStore& from_blobs() { return **from->blobs("things"); }
  storage::BlobStore& to_blobs() { return **to->blobs("things"); }
  storage::Table& from_table() { return **from->table("Rows"); }
  storage::Table& to_table() { return **to->table("Rows"); }

  // blob-0, blob-1, … at the source, each with content of its own.
  void fill(int count);
  void put_from(const std::string& key, const std::string& bytes);
  void put_to(const std::string& key, const std::string& bytes);
  // The bytes, or "NONE".
  std::string here(const std::string& key);
  std::string there(const std::string& key);
  std::size_t count_there();

  // Waiting moves the clock.
  Result<std::unique_ptr<Migration>> open();
  // Each opens the migration anew, as a process would.
  Status run_status();
  const Report& plan();
  const Report& run();
  const Report& verify();
  const Report& rollback();

  ManualClock clock;
  std::unique_ptr<storage::Storage> from = storage::open_memory(clock);
  std::unique_ptr<storage::Storage> to = storage::open_memory(clock);
  std::string to_name = "memory:to";
  Options options;

 private:
  using Verb = Status (Migration::*)(const Context&, const Watch&, Report&);
  const Report& perform(Verb verb);

  std::filesystem::path folder_;
  std::unique_ptr<Report> report_;
};

}  // namespace cloudfolio::migrate

#pragma once
// Reads of the orchestration log beside its writer: what is committed, and nothing else.
//
// Threads: thread-safe; readers never wait for the writer.

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "durable/client.h"

namespace cloudfolio::sqlite {
class Database;
class Readers;
}  // namespace cloudfolio::sqlite

namespace cloudfolio::durable {

struct InstanceRow;

class JournalReader {
 public:
  // The journal of that directory is open, so its tables exist.
  static Result<std::unique_ptr<JournalReader>> open(const std::filesystem::path& directory);
  ~JournalReader();

  Result<std::optional<OrchestrationState>> get(const std::string& id, Include include);
  Result<QueryPage> query(const QueryFilter& filter, std::size_t count_max,
                          const std::string& from);
  Result<History> history(const std::string& id);

 private:
  explicit JournalReader(std::unique_ptr<sqlite::Readers> readers);
  Result<OrchestrationState> state_of(sqlite::Database& db, const InstanceRow& row,
                                      Include include);

  std::unique_ptr<sqlite::Readers> readers_;
};

}  // namespace cloudfolio::durable

#pragma once
// Entities of named values, found by partition and row.
//
// Promises (Azure Table Storage keeps them as well; testing/table_conformance.cc):
//  - A write that succeeded is durable and visible to every later call.
//  - Every write gives the entity an ETag that it never had before.
//  - A write whose condition does not hold changes nothing.
//  - A batch, all of one partition, happens as a whole or not at all.
//  - query goes by partition, then row, in the order of their characters (of UTF-8 bytes; backends
//  may
//    order characters above U+FFFF differently). Several pages are no snapshot. A page may be
//    shorter than asked, even empty, while its continuation says that there is more.
// Keys:     up to 512 UTF-16 units of UTF-8 text without `/ \ # ?` and control characters; may be
// empty.
//   A foreign id that may hold those is written with to_table_key() (rules.h).
// Values:   at most 252 an entity, names of [A-Za-z_][A-Za-z0-9_]*, up to 255 long, not
// PartitionKey,
//   RowKey, Timestamp or odata names; text up to 32768 UTF-16 units, bytes up to 64 KiB, together
//   below 1 MiB. Times keep their microseconds, from the year 1601 on.
// Threads:  thread-safe.
// Errors:   invalid_argument: against the rules. not_found, conflict: as said at each call.
//   unavailable, corrupt: as in blob_store.h.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/limits.h"
#include "base/result.h"
#include "storage/blob_store.h"

namespace cloudfolio::storage {

inline constexpr std::size_t kBatchCountMax = 100;
inline constexpr std::size_t kBatchBytesMax = 4 * kMiB;
inline constexpr std::size_t kEntityBytesMax = kMiB;
inline constexpr std::size_t kEntityValuesMax = 252;
inline constexpr std::size_t kTablePageCountMax = 1'000;

// Bytes that are no text.
struct Binary {
  std::string bytes;
  bool operator==(const Binary&) const = default;
};

using Value = std::variant<std::string, std::int64_t, double, bool, Clock::WallTime, Binary>;
using Values = std::map<std::string, Value>;

struct EntityKey {
  std::string partition = {};
  std::string row = {};
  auto operator<=>(const EntityKey&) const = default;
};

struct Entity {
  EntityKey key;
  Values values;
  ETag etag = {};  // As read; writes do not look at it.
};

// What a write does with values that the entity has and the write does not name.
enum class Write : std::uint8_t {
  replace,  // They go.
  merge,    // They stay.
};

// The condition of an update.
using UpdateIf = std::variant<Anything, Matches>;

struct TableQuery {
  std::optional<std::string> partition = {};   // Absent: all, and the row bounds must be empty.
  std::string row_from = {};                   // Rows from this on …
  std::string row_before = {};                 // … and below this; empty: to the end.
  std::string continuation = {};               // Of the page before; empty for the first.
  std::size_t max_count = kTablePageCountMax;  // 1 to kTablePageCountMax.
};

struct TablePage {
  std::vector<Entity> entities;
  std::string continuation;  // Empty: this was the last page.
};

// One action of a batch; all of one partition, each row once.
struct InsertAction {
  Entity entity;
};
struct UpsertAction {
  Entity entity;
  Write write = Write::replace;
};
struct UpdateAction {
  Entity entity;
  Write write = Write::replace;
  UpdateIf condition = Anything{};
};
struct RemoveAction {
  EntityKey key;
  UpdateIf condition = Anything{};
};
using TableAction = std::variant<InsertAction, UpsertAction, UpdateAction, RemoveAction>;

// Why a batch did not happen: the first action that was refused, and its error.
struct BatchRefusal {
  std::size_t index = 0;
  Error error;
};
// The ETags of the written entities in the actions' order (empty for a removal), or the refusal.
using BatchOutcome = std::variant<std::vector<ETag>, BatchRefusal>;

class Table {
 public:
  virtual ~Table() = default;

  // Code::not_found if it is not there.
  virtual Result<Entity> get(const Context& ctx, const EntityKey& key) = 0;
  virtual Result<TablePage> query(const Context& ctx, const TableQuery& query) = 0;

  // Only creates; conflict if it is there.
  virtual Result<ETag> insert(const Context& ctx, const Entity& entity) = 0;
  // Creates or overwrites, whatever is there.
  virtual Result<ETag> upsert(const Context& ctx, const Entity& entity, Write write) = 0;
  // Only over an existing one: not_found if it is not there, conflict if the ETag is another.
  virtual Result<ETag> update(const Context& ctx, const Entity& entity, Write write,
                              const UpdateIf& condition) = 0;
  // A missing one: success under Anything, conflict under Matches.
  virtual Status remove(const Context& ctx, const EntityKey& key, const UpdateIf& condition) = 0;
  // 1 to kBatchCountMax actions, at most kBatchBytesMax. The Result's error is about the batch as a
  // whole (unavailable, invalid_argument); a refused action is in the outcome.
  virtual Result<BatchOutcome> batch(const Context& ctx,
                                     const std::vector<TableAction>& actions) = 0;
};

}  // namespace cloudfolio::storage

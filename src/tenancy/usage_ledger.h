#pragma once
// UsageLedger: what a tenant used, in a table that survives crashes.
//
// Every event is a row of its own, inserted once under its operation's id, in one batch with its
// meter's sum: a step that runs again finds its row and counts nothing. Stored bytes are one row an
// entry, with its present size; writing an entry again replaces the row.
//
// Table `usage`, partition: the tenant (to_table_key). Rows: "e-METER-OPERATION" an event (amount,
// at); "s-METER" a sum (total, pruned, count, windows); "b-HASH" an entry's bytes (bytes, class).
// Amounts are integers. Names of entries are kept as hashes only.
//
// Promises: total = pruned + the sum of the event rows, at any moment (verify() says where not).
// Threads:  thread-safe; any number of processes.
// Errors:   invalid_argument (an operation that is empty or longer than kOperationBytesMax, an
//           amount below 0), and the store's. Nothing is counted twice where an answer was lost and
//           the call is made again.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/id.h"
#include "base/result.h"
#include "storage/table.h"
#include "tenancy/meter.h"

namespace cloudfolio::tenancy {

inline constexpr char kUsageTable[] = "usage";
inline constexpr std::size_t kOperationBytesMax = 120;
// Events are kept so long; then they are folded into the sum's `pruned`.
inline constexpr std::chrono::hours kEventsKept{35 * 24};

enum class Counted { now, before };

// What a meter said at some moment.
struct MeterUse {
  std::int64_t used = 0;   // within the window; of storage: now
  std::int64_t total = 0;  // ever; of storage: of all classes
  // When so much of the window has passed that `amount` more fit under `limit`; nothing where they
  // fit now or never will. Empty for storage.
  std::optional<Clock::WallTime> fits_at(std::int64_t amount, std::int64_t limit) const;

  // Ends of parts of the window, oldest first, and what becomes free then.
  std::vector<std::pair<Clock::WallTime, std::int64_t>> frees = {};
};

// One disagreement of the ledger with itself or with the store.
struct UsageProblem {
  std::string what;
  std::int64_t expected = 0;
  std::int64_t found = 0;
};

using StorageUse = std::map<StorageClass, std::int64_t>;

class UsageLedger {
 public:
  // Both outlive it.
  UsageLedger(storage::Table& table, const Clock& clock) : table_(table), clock_(clock) {}

  Result<Counted> count(const Context& ctx, const TenantId& tenant, Meter meter,
                        std::string_view operation, std::int64_t amount = 1);
  Result<bool> was_counted(const Context& ctx, const TenantId& tenant, Meter meter,
                           std::string_view operation) const;
  // Of a meter with a window.
  Result<MeterUse> used(const Context& ctx, const TenantId& tenant, Meter meter) const;
  Result<StorageUse> stored(const Context& ctx, const TenantId& tenant) const;

  Status entry_written(const Context& ctx, const TenantId& tenant, std::string_view key,
                       StorageClass storage_class, std::int64_t size_bytes);
  Status entry_removed(const Context& ctx, const TenantId& tenant, std::string_view key);
  // An entry as the store has it.
  struct Entry {
    std::string key;
    StorageClass storage_class = StorageClass::content;
    std::int64_t size_bytes = 0;
  };
  // Makes the entries' rows say what the store has; how many rows were wrong.
  Result<std::size_t> recount(const Context& ctx, const TenantId& tenant,
                              const std::vector<Entry>& entries);

  // Every sum against its events, and every entry's row against the store's entries. Empty: all
  // reconciles exactly.
  Result<std::vector<UsageProblem>> verify(const Context& ctx, const TenantId& tenant,
                                           const std::vector<Entry>& entries) const;
  // Folds events older than kEventsKept into the sums.
  Status prune(const Context& ctx, const TenantId& tenant);

  // Every tenant of which anything was counted, by name.
  Result<std::vector<TenantId>> tenants(const Context& ctx) const;
  // The rows of `from` become `to`'s, which has none of its own. May be repeated after a failure.
  Status move(const Context& ctx, const TenantId& from, const TenantId& to);
  // Removes everything; how many rows.
  Result<std::size_t> erase(const Context& ctx, const TenantId& tenant);

 private:
  storage::Table& table_;
  const Clock& clock_;
};

}  // namespace cloudfolio::tenancy

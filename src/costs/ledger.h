#pragma once
// Ledger: who used what, when, and what it cost: one line for each interval that somebody paid for,
// and one counter a day for requests.
//
// Promises:
//  - A line is told by its key (group, generation, interval): recorded twice, it is there once.
//  - A run over midnight (UTC) is a line on each of its days, as a bill has it: its time and what
//  it
//    used are divided by time, without remainder, each day at its own price. It counts as a run,
//    and its waiting time shows, on the day on which it began.
//  - A line keeps the price that held when it was used; a later table changes nothing of it, and
//    reading an earlier month again gives the same numbers.
//  - Nothing is sampled: a run of a fifth of a second has its line.
//  - Money is whole micros of the currency; a line's parts and lines add up exactly.
//  - The cost of anonymous reading and of what nobody can be charged with is under tenant "".
// Table `costs`: partition = the tenant (storage::to_table_key, with a first `t`), row =
//   <day>|<kind>|<key>.
// Threads: thread-safe. Errors: invalid_argument (a hole in the price table: the line is not
// recorded), unavailable, corrupt.

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/id.h"
#include "base/result.h"
#include "costs/price_table.h"
#include "storage/table.h"

namespace cloudfolio::costs {

inline constexpr const char* kCostsTable = "costs";

// An interval of one worker's life (kinds `start`, `work`, `idle`, `stuck`), or one training run in
// a process that was there anyway (`training`).
struct RunLine {
  TenantId tenant;  // Empty: nobody's.
  std::string kind;
  std::string key;  // Names the interval for ever: "model-training-queue-westeurope-17|work|3".
  std::string region = "local";
  Clock::WallTime from;
  Clock::WallTime to;
  std::int64_t cpu_ms = 0;    // Processor-milliseconds: used, or ordered × time where ordered.
  std::int64_t gib_ms = 0;    // GiB-milliseconds, the same.
  std::int64_t queue_ms = 0;  // From queued to begun; costs nothing.
};

// Counted by this process since it began, for one tenant, day and kind.
struct RequestCount {
  TenantId tenant;
  std::string kind;    // "read", "search", "refresh", "train", "other"
  std::string day;     // "2026-01-01"
  std::string writer;  // Names this process: each has a row of its own, so none is lost.
  std::int64_t count = 0;
};

struct CostLine {
  std::string tenant;
  std::string day;
  std::string kind;
  std::int64_t count = 0;  // Runs, or requests.
  std::int64_t cpu_ms = 0;
  std::int64_t gib_ms = 0;
  std::int64_t queue_ms = 0;
  std::int64_t wall_ms = 0;
  std::int64_t micros = 0;
};

struct CostSummary {
  std::string currency;
  std::string price_version;
  std::vector<CostLine> lines;  // One for each tenant, day and kind, in that order.
  std::int64_t micros = 0;
  std::int64_t requests = 0;
  std::int64_t unattributed = 0;  // Groups that were found running and that no row explains.
};

class Ledger {
 public:
  // Both outlive the ledger.
  Ledger(storage::Table& table, const PriceTable& prices) : table_(table), prices_(prices) {}

  Status record(const Context& ctx, const RunLine& run);
  // Micros of the currency, as record() writes them.
  Result<std::int64_t> price_of(const RunLine& run) const;
  const PriceTable& prices() const { return prices_; }
  // Overwrites the row of that tenant, day, kind and writer.
  Status record_requests(const Context& ctx, const RequestCount& requests);
  // A group that was found and that nobody here created: it cost something that nobody knows.
  Status record_unattributed(const Context& ctx, const std::string& name, Clock::WallTime at);
  // From the day of `since` on; nullopt for all tenants.
  Result<CostSummary> sum(const Context& ctx, const std::optional<TenantId>& tenant,
                          Clock::WallTime since) const;

 private:
  storage::Table& table_;
  const PriceTable& prices_;
};

// Micros of the currency for 1,000 requests; 0 where there were none.
std::int64_t micros_per_1000_requests(const CostSummary& summary);
// What `cloudfolio costs --json` and /v1/admin/costs print.
std::string to_json(const CostSummary& summary);
// Whole micros as "12.345678".
std::string money_text(std::int64_t micros);

}  // namespace cloudfolio::costs

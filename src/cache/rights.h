#pragma once
// Rights: which private places exist, and until when each may be read.
//
// A copy of private text is served only where GitHub confirmed the right to it lately: every
// refresh that sees the whole list with the credential confirms it; a refresh that finds the
// credential refused, or something gone from the list, suspends it at once. What is unknown (an
// outage, half a list) neither suspends nor confirms, so that a right ends by itself.
//
// Table `rights`: partition the login, row the scope, values confirmed_at (absent: suspended) and
// since. A row stands before anything of its place is written and goes after the last of it is
// removed: so nothing private exists that no row names.
//
// Threads: thread-safe; any number of processes. Errors: the store's.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/id.h"
#include "base/result.h"
#include "cache/place.h"

namespace cloudfolio::storage {
class Table;
}

namespace cloudfolio::cache {

class Cache;
class TenantCache;

inline constexpr char kRightsTable[] = "rights";
inline constexpr std::chrono::minutes kRightLifetimeDefault{60};
// A tenant has one credential at a time; more rows are of former ones that are being removed.
inline constexpr std::size_t kScopesCountMax = 100;

struct Right {
  Scope scope;
  std::optional<Clock::WallTime> confirmed_at;  // nullopt: suspended.
};

class Rights {
 public:
  // Both outlive it.
  Rights(storage::Table& table, const Clock& clock,
         std::chrono::seconds lifetime = kRightLifetimeDefault)
      : table_(table), clock_(clock), lifetime_(lifetime) {}

  // Every private place of the tenant, readable or not.
  Result<std::vector<Right>> list(const Context& ctx, const TenantId& tenant) const;
  // The place that may be read now; nullopt: none.
  Result<std::optional<Place>> find_live(const Context& ctx, const TenantId& tenant) const;
  bool is_live(const Right& right) const;
  // So much of its time is over that the next refresh should confirm it, whatever that costs.
  bool is_ageing(const Right& right) const;

  // Makes a row for a place that is about to be written; keeps the one that is there.
  Status announce(const Context& ctx, const Place& place) const;
  // From now on the place may be read. Writes nothing while the last confirmation is recent.
  Status confirm(const Context& ctx, const Place& place) const;
  // From now on it may not.
  Status suspend(const Context& ctx, const Place& place) const;
  // Suspends, removes everything of the place, and then the row. Repeat it where it failed.
  Status remove(const Context& ctx, const Cache& cache, const Place& place) const;

 private:
  storage::Table& table_;
  const Clock& clock_;
  const std::chrono::seconds lifetime_;
};

// The tenant's private cache for a reader; nullopt where no right is live. `rights` nullptr: none.
Result<std::optional<TenantCache>> open_private(const Context& ctx, const Cache& cache,
                                                const Rights* rights, const TenantId& tenant);

}  // namespace cloudfolio::cache

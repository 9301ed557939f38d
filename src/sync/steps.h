#pragma once
// RefreshSteps: the activities of a refresh. Each may run more than once with the same effect.
//
// detect asks GitHub one question and plans; fetch reads one batch and stages it; publish makes the
// generation the one that readers see. What they write is found by generation, repository and
// batch, so a step that runs again overwrites its own with the same, or finds it done.
//
// Threads:  thread-safe.
// Lifetime: what Services refers to outlives it.
// Errors:   detect: Source's, with what was being done; invalid_argument for a login that is none.
// fetch:
//           Source's. publish: the store's. A limit of GitHub's is a result, not an error.

#include <chrono>
#include <string>

#include "base/clock.h"
#include "base/context.h"
#include "base/id.h"
#include "base/result.h"
#include "cache/cache.h"
#include "cache/fingerprint.h"
#include "sync/messages.h"
#include "sync/metrics.h"
#include "sync/plan.h"
#include "sync/source.h"
#include "sync/state.h"

namespace cloudfolio::telemetry {
class Log;
}

namespace cloudfolio::sync {

class Accounts;  // sync/accounts.h

// What names a pass of a refresh, or a batch of it, to the accounts: the same whenever it runs
// again.
std::string operation_of(const RefreshInput& input);
std::string operation_of(const FetchInput& input);

struct Services {
  const cache::Cache& cache;
  Source& source;
  const Clock& clock;
  telemetry::Log& log;
  telemetry::MetricRegistry& metrics;
  // Of content fingerprints: the base model and recipe that training works with. The tenant is each
  // refresh's own.
  cache::ContentIdentity identity = {};
  // Who is told whose login was found and what was used; nullptr: nobody.
  Accounts* accounts = nullptr;
};

// A list of more than one page is read whole at least this often, to notice what left beyond the
// first page.
inline constexpr std::chrono::hours kSweepInterval{24};

class RefreshSteps {
 public:
  explicit RefreshSteps(const Services& services);

  Result<std::string> detect(const Context& ctx, const RefreshInput& input);
  Result<std::string> fetch(const Context& ctx, const FetchInput& input);
  Result<std::string> publish(const Context& ctx, const PublishInput& input);

  // One conditional request at most, nothing written: whether GitHub still lists what is published.
  // False also where nothing is, or where something is left to ask again.
  Result<bool> is_unchanged(const Context& ctx, const TenantId& tenant);

 private:
  struct Known;
  Limited limited(const Error& error) const;
  // What the accounts are told; nothing where there are none. `answer` takes up what asking cost.
  Status settle_owner(const Context& ctx, const TenantId& tenant, github::Probe& answer) const;
  Status count_start(const Context& ctx, const TenantId& tenant, const RefreshInput& input) const;
  // An empty operation: one of its own.
  Status count_calls(const Context& ctx, const TenantId& tenant, const std::string& operation,
                     const github::Usage& usage) const;
  Result<Known> read_known(const Context& ctx, const cache::TenantCache& cache) const;
  // The rest of detect, once the probe said that something may have changed.
  Result<DetectResult> plan_changes(const Context& ctx, const cache::TenantCache& cache,
                                    const Known& known, github::Probe probe, bool force);

  const Services services_;
  SyncMetrics metrics_;
};

}  // namespace cloudfolio::sync

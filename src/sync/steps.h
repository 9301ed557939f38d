#pragma once
// RefreshSteps: the activities of a refresh. Each may run more than once with the same effect.
//
// detect asks GitHub one question and plans; fetch reads one batch and stages it; publish makes the
// generation the one that readers see. What they write is found by generation, repository and
// batch, so a step that runs again overwrites its own with the same, or finds it done.
//
// A run makes two publications from one question and the same requests: the public one, and the
// private one of what only the credential sees (cache/place.h). What the second does shows in
// nothing that the first writes, and its failures are its own repositories' problems. The right to
// read it is confirmed by each answer that shows the whole list, suspended as soon as something
// left it, and goes, with everything private, when GitHub refuses the credential or it became
// another.
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
#include "cache/rights.h"
#include "flags/outcome.h"
#include "sync/base_bundle.h"
#include "sync/messages.h"
#include "sync/metrics.h"
#include "sync/plan.h"
#include "sync/report.h"
#include "sync/source.h"
#include "sync/state.h"

namespace cloudfolio::flags {
class Flags;
}
namespace cloudfolio::telemetry {
class Log;
}

namespace cloudfolio::sync {

class Accounts;  // sync/accounts.h

struct Services {
  const cache::Cache& cache;
  Source& source;
  const Clock& clock;
  telemetry::Log& log;
  telemetry::MetricRegistry& metrics;
  // Of content fingerprints: the base model and recipe that training works with. The tenant and
  // the scope are each publication's own.
  cache::ContentIdentity identity = {};
  // Which private places may be read. nullptr: private repositories are not mirrored.
  const cache::Rights* rights = nullptr;
  // Asked before each refresh whether the tenant's repositories are read in batches; told how that
  // went. nullptr: always in batches.
  flags::Flags* flags = nullptr;
  // The source where they are not. nullptr: `source` is all there is.
  Source* one_by_one = nullptr;
  // Who is told whose login was found and what was used; nullptr: nobody.
  Accounts* accounts = nullptr;
};

// A list of more than one page is read whole at least this often, to notice what left beyond the
// first page.
inline constexpr std::chrono::hours kSweepInterval{24};

// What names a pass of a refresh, or a batch of it, to the accounts: the same whenever it runs
// again.
std::string operation_of(const RefreshInput& input);
std::string operation_of(const FetchInput& input);

// The private place that a message names. Errors: invalid_argument.
Result<cache::Place> place_named(const TenantId& tenant, const std::string& scope);

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
  struct Basis;
  std::optional<BatchFetch> decide_batch_fetch(const TenantId& tenant) const;
  Source& source_for(const std::optional<BatchFetch>& batches) const;
  void record(const TenantId& tenant, const std::optional<BatchFetch>& batches,
              flags::Outcome outcome) const;
  Limited limited(const Error& error) const;
  // What the accounts are told; nothing where there are none. `answer` takes up what asking cost.
  Status settle_owner(const Context& ctx, const TenantId& tenant, github::Probe& answer) const;
  Status count_start(const Context& ctx, const TenantId& tenant, const RefreshInput& input) const;
  // An empty operation: one of its own.
  Status count_calls(const Context& ctx, const TenantId& tenant, const std::string& operation,
                     const github::Usage& usage) const;
  Result<Known> read_known(const Context& ctx, const cache::TenantCache& cache) const;
  // The question that detect and is_unchanged put. Where it shows that private places may not be
  // read any longer, they are removed before it returns.
  Result<github::Probe> probe(const Context& ctx, const Known& known,
                              const std::string& etag) const;
  // The rest of detect, once the probe said that something may have changed.
  Result<DetectResult> plan_changes(const Context& ctx, const cache::TenantCache& cache,
                                    const Known& known, github::Probe probe, bool force,
                                    const std::optional<BatchFetch>& batches);
  Result<std::optional<PrivatePart>> plan_private(const Context& ctx, const Known& known,
                                                  const cache::Place& place, const Listed& listed,
                                                  const Basis& basis, const Base& base);
  // Stages a plan that changes something and gives it its generation: nullopt. Of one that does
  // not, only the next question is new: the report of nothing.
  Result<std::optional<Report>> settle(const Context& ctx, const cache::TenantCache& cache,
                                       Plan& plan, const Base& base, const SyncState& before) const;

  // The private place that a credential sees of the tenant; nullopt: none.
  std::optional<cache::Place> place_of(const TenantId& tenant,
                                       const github::TokenOwner& owner) const;
  // Whether what is known of the private place is of the same answer of GitHub's.
  Result<bool> private_agrees(const Context& ctx, const cache::Place& place,
                              const SyncState& state) const;
  // Removes the private places that `kept` is not.
  Status remove_places(const Context& ctx, const TenantId& tenant,
                       const std::vector<cache::Right>& rights,
                       const std::optional<cache::Place>& kept) const;

  struct Part;
  Result<Part> open_part(const Context& ctx, cache::TenantCache cache, std::uint64_t generation,
                         std::uint64_t batch) const;
  Status take(const Context& ctx, Part& part, std::size_t index,
              const github::FetchedRepository& fetched) const;
  struct Published;
  Result<Published> publish_plan(const Context& ctx, const cache::TenantCache& cache,
                                 std::uint64_t generation, const PublishInput& input);
  Result<Published> publish_private(const Context& ctx, const TenantId& tenant,
                                    const PublishInput& input);

  const Services services_;
  SyncMetrics metrics_;
};

}  // namespace cloudfolio::sync

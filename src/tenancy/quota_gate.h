#pragma once
// QuotaGate: whether a tenant may start some work now.
//
// A decision reads what was used and what is granted; it counts nothing: the work itself counts,
// once, when it happens. So a refusal and a question are free, and several limits are asked as one:
// all of them hold, or the work does not start. Between a decision and its count nothing slips
// through, because a tenant has one refresh at a time (its orchestration's id) and trainings run
// one after the other.
//
// While enforcement is off nothing is refused, and what would be is a warning. From 80 % of a limit
// on there is a warning in both modes.
//
// Where the store does not answer within the patience, decisions go on without it, at once, until a
// pause is over: refreshes against this process's share of the limit (limit over gateways), counted
// here; a training, which costs money, is refused as unavailable.
//
// Threads: thread-safe. Errors: unavailable (only for trainings, as said).

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/guarded.h"
#include "base/id.h"
#include "base/result.h"
#include "tenancy/quota_book.h"
#include "tenancy/usage_ledger.h"

namespace cloudfolio::tenancy {

enum class Work { refresh, training };

// From which part of a limit on a tenant is warned.
inline constexpr double kWarnFrom = 0.8;

// One meter against its limit.
struct Reading {
  Meter meter = Meter::orchestrations;
  std::int64_t used = 0;
  std::int64_t limit = 0;  // 0: none
  std::int64_t limit_version = 0;
  // Where one more does not fit: when it does, if waiting helps.
  std::optional<Clock::WallTime> fits_at;
  // Where the work that asked takes the last one: when the next fits.
  std::optional<Clock::WallTime> next_at;
  enum class Level { fine, warning, full } level = Level::fine;

  std::int64_t remaining() const {
    return limit == 0 ? 0 : std::max<std::int64_t>(0, limit - used);
  }
};
// "orchestrations: 50 of 50 in 24 hours are used; one more fits from 2026-01-02T01:00:00Z on"
std::string describe(const Reading& reading);

struct Admission {
  std::vector<Reading> readings;   // all meters that the work asks
  std::optional<Reading> refusal;  // the first that is full; only while enforcement is on
  std::vector<Reading> warnings;   // at kWarnFrom or above, and full ones while it is off
  enum class Source { store, this_process } source = Source::store;

  bool admitted() const { return !refusal; }
};

class QuotaGate {
 public:
  struct Options {
    // Whether a full quota refuses, by tenant (ENABLE_QUOTA_ENFORCEMENT). Asked at each decision.
    std::function<bool(const TenantId&)> enforced = [](const TenantId&) { return false; };
    // How long one decision waits for the store, and how long it then does without.
    std::chrono::milliseconds patience{5};
    std::chrono::milliseconds pause{1'000};
    // Processes that decide on the same tenants.
    std::int64_t gateways_count = 1;
  };

  // What it is given outlives it.
  QuotaGate(Options options, const UsageLedger& ledger, const QuotaBook& book, const Clock& clock);

  Result<Admission> admit(const Context& ctx, const TenantId& tenant, Work work);
  // What admit() would base a refusal on, as an Error: quota_exceeded with what, how much, until
  // when; Done where the work is admitted. Warnings go to `on_warning`, if given.
  Status check(const Context& ctx, const TenantId& tenant, Work work,
               const std::function<void(const Reading&)>& on_warning = {});
  // Every meter of a tenant, for showing. Errors: the store's.
  Result<std::vector<Reading>> readings(const Context& ctx, const TenantId& tenant) const;

 private:
  struct Degraded {
    std::optional<Clock::Instant> until;
    // Admitted since the store went away; at most kLocalTenantsMax.
    std::map<std::string, std::int64_t> admitted;
  };
  static constexpr std::size_t kLocalTenantsMax = 100'000;

  Result<std::vector<Reading>> read(const Context& ctx, const TenantId& tenant,
                                    const std::vector<Meter>& meters) const;
  Result<Admission> admit_without_store(Degraded& degraded, const TenantId& tenant, Work work);

  const Options options_;
  const UsageLedger& ledger_;
  const QuotaBook& book_;
  const Clock& clock_;
  Guarded<Degraded> degraded_;
};

}  // namespace cloudfolio::tenancy

#pragma once
// Flags: what every process holds to ask which path a tenant takes; in memory, refreshed from the
// table while running.
//
// Promises:
//  - decide() never waits and never fails. refresh() (called every kRefreshEvery) makes a change
//    effective; view() says which version this process runs and how old it is.
//  - While the table cannot be read the last values stay; after Options::age_max a flag that is
//    defined so falls to its default. A process that never could read runs the defaults.
//  - An outcome is charged to the value that its decision had, whatever the flag says by then, and
//    not at all where the flag was re-armed since.
//  - When the guard turns a flag back, this process takes the old path at once; the table and the
//    audit follow at the next refresh that reaches the store, and every other process after them.
// Threads:  thread-safe.
// Lifetime: everything given outlives it.
//
//   const auto decision = flags.decide(kGraphqlBatchFetch, tenant);
//   const auto answer = decision.value ? in_batches() : one_by_one();
//   flags.record(decision, tenant, outcome_of(answer));

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/guarded.h"
#include "flags/flag_store.h"
#include "flags/guard.h"
#include "flags/setting.h"

namespace cloudfolio::telemetry {
class Log;
class MetricRegistry;
}  // namespace cloudfolio::telemetry

namespace cloudfolio::flags {

struct FlagsMetrics;

// How often a process reads the table: four times within the two seconds that a change may take.
inline constexpr std::chrono::milliseconds kRefreshEvery{500};

// What holds where the table says nothing, and who said so: "default", "environment", ….
struct Standard {
  bool value = false;
  std::string source;
};
// By flag.
using Defaults = std::map<std::string, Standard, std::less<>>;

class Flags {
 public:
  struct Options {
    std::chrono::minutes age_max{15};
    CusumRates rates = {};
  };
  struct Parts {
    FlagStore& store;
    const Clock& clock;
    telemetry::Log& log;
    telemetry::MetricRegistry& metrics;
  };
  // `defaults` has every defined flag (a missing one is the definition's value).
  Flags(Defaults defaults, const Parts& parts, const Options& options);
  Flags(Defaults defaults, const Parts& parts) : Flags(std::move(defaults), parts, Options()) {}
  ~Flags();

  // A flag that is not defined is our bug.
  Decision decide(std::string_view flag, const TenantId& tenant) const;
  bool is_on(std::string_view flag, const TenantId& tenant) const {
    return decide(flag, tenant).value;
  }
  void record(const Decision& decision, const TenantId& tenant, Outcome outcome);

  // Reads the table, and writes what the guard decided. Errors: the store's; the last values stay.
  Status refresh(const Context& ctx);

  struct FlagView {
    std::string name;
    std::string about;
    Standard standard;   // The environment's value.
    bool value = false;  // For nobody in particular.
    Setting setting;
    Guard::State guard = Guard::State::no_data;
  };
  struct View {
    std::uint64_t version = 0;                // 0: nothing was ever changed.
    std::optional<std::chrono::seconds> age;  // nullopt: never read.
    std::vector<FlagView> flags;
  };
  View view() const;

 private:
  struct Snapshot;
  struct Watch;
  struct Pending {
    std::string flag;
    TenantId tenant;  // Empty: the whole flag.
    std::uint64_t armed_version = 0;
    std::string reason;
    std::string evidence;
  };
  Standard standard(std::string_view flag) const;
  std::shared_ptr<const Snapshot> snapshot() const;
  void adopt(const FlagTable& table);
  Status write_pending(const Context& ctx);
  void act(const std::string& flag, std::uint64_t armed_version, Verdict verdict);

  const Defaults defaults_;
  const Parts parts_;
  const Options options_;
  const std::unique_ptr<FlagsMetrics> metrics_;
  mutable Guarded<std::shared_ptr<const Snapshot>> snapshot_;
  mutable Guarded<std::map<std::string, Watch, std::less<>>> watches_;
  Guarded<std::vector<Pending>> pending_;
  std::mutex
      refreshing_;  // Held while the table is read and written, so that no older one follows.
};

}  // namespace cloudfolio::flags

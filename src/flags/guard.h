#pragma once
// Guard: watches the outcomes of one flag, and says when it must be turned back.
//
// Promises:
//  - At most one false alarm in a million outcomes at the tolerated rate (cusum.h says the test).
//  - With kControlCountMin outcomes of the old path in the window the new path must also fail
//    kArmsRatio times as often: a common cause is one `both_arms` and no turn-back. With fewer the
//    rate alone decides, and the evidence says so.
//  - While kTenantsMin tenants are active, one tenant's outcomes stop counting after
//    kTenantFailuresMax failures in a minute, and a turn-back needs failures of kTenantsMin
//    tenants. A tenant whose own test alarms is set apart; the kTenantsMin-th of one window turns
//    the flag back instead. (Stopping by what was seen before keeps the test's bound: the choice of
//    outcomes never looks at the next one.)
//  - Silent without data: time and outcomes that are not counted change nothing.
//  - Latched: after a turn-back it says nothing more until rearm(); a tenant is set apart once.
// Threads:  one at a time.

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/id.h"
#include "flags/cusum.h"
#include "flags/outcome.h"

namespace cloudfolio::flags {

inline constexpr std::size_t kControlCountMin = 50;
inline constexpr double kArmsRatio = 3;
inline constexpr std::size_t kTenantsMin = 3;
inline constexpr int kTenantFailuresMax = 3;
inline constexpr std::chrono::minutes kTenantMinute{1};
inline constexpr std::chrono::minutes kGuardWindow{10};
// Tenants with a test of their own at a time; outcomes of further ones count for the flag only.
inline constexpr std::size_t kWatchedTenantsMax = 10'000;

// What the guard saw when it decided.
struct Evidence {
  std::uint64_t outcomes_count = 0;  // Of the new path, since the sum left zero …
  std::uint64_t failed_count = 0;    // … and how many failed.
  std::size_t tenants_count = 0;     // That failures came from; kTenantsMin means or more.
  double sum = 0;
  double threshold = 0;
  std::uint64_t control_outcomes_count = 0;  // Of the old path.
  std::uint64_t control_failed_count = 0;
  bool compared = false;  // False: too few outcomes of the old path; the rate alone decided.
};
std::string to_json(const Evidence& evidence);
// "9 of 17 failed on the new path (0 of 50 on the old), over 3 tenants or more"
std::string to_text(const Evidence& evidence);

struct Verdict {
  enum class Act { nothing, turn_back, set_apart, both_arms };
  Act act = Act::nothing;
  TenantId tenant = {};  // Of set_apart.
  Evidence evidence = {};
};

class Guard {
 public:
  enum class Arm : std::uint8_t { control, treated };  // The old path (off), the new one (on).

  explicit Guard(const CusumRates& rates = {}) : rates_(rates), cusum_(rates) {}

  Verdict add(Arm arm, const TenantId& tenant, Outcome outcome, Clock::Instant now);
  // Forgets everything; a named person said so (FlagStore::rearm).
  void rearm();
  // Watches again whoever was set apart and has no value of its own now: a person let it back in.
  void keep_apart(const std::map<TenantId, bool>& values);

  enum class State { no_data, watching, latched };
  State state(Clock::Instant now) const;
  double sum() const { return cusum_.sum(); }
  std::uint64_t not_counted_count() const { return not_counted_; }
  std::size_t watched_tenants_count() const { return tenants_.size(); }

 private:
  struct Watched {
    Cusum cusum;
    Clock::Instant minute_from;
    int failures_in_minute = 0;
    bool set_apart = false;
  };
  struct Seen {
    Clock::Instant at;
    bool failed;
  };
  struct Active {
    TenantId tenant;
    Clock::Instant at = Clock::Instant::min();
  };
  void add_control(Outcome outcome, Clock::Instant now);
  void note_active(const TenantId& tenant, Clock::Instant now);
  bool many_tenants(Clock::Instant now) const;
  Watched* watched(const TenantId& tenant, Clock::Instant now);
  void count(const TenantId& tenant, Cusum::Outcome outcome);
  Verdict judge(Clock::Instant now);
  Verdict judge_tenant(const TenantId& tenant, Watched& own, Clock::Instant now);
  bool arms_differ(Evidence& evidence, const Cusum& cusum, Clock::Instant now);
  Evidence evidence_of(const Cusum& cusum, std::size_t tenants_count) const;

  CusumRates rates_;
  Cusum cusum_;
  std::set<TenantId> failed_tenants_;  // Of this stretch, at most kTenantsMin.
  std::deque<Seen> control_;           // The last kControlCountMin.
  std::uint64_t control_since_ = 0;    // Of this stretch.
  std::uint64_t control_failed_since_ = 0;
  std::array<Active, kTenantsMin> active_{};  // The tenants seen last, newest first.
  std::map<TenantId, Watched> tenants_;
  std::deque<Clock::Instant> set_apart_at_;
  Clock::Instant last_outcome_ = Clock::Instant::min();
  Clock::Instant swept_at_{};  // tenants_.
  std::uint64_t not_counted_ = 0;
  bool both_arms_said_ = false;
  bool latched_ = false;
};

}  // namespace cloudfolio::flags

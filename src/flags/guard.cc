#include "flags/guard.h"

#include <algorithm>
#include <utility>

#include "json/json.h"

namespace cloudfolio::flags {
namespace {

// Outcomes of the old path in the same stretch that are worth a rate of their own.
constexpr std::uint64_t kControlStretchMin = 10;
// Room for further tenants is looked for this often, not for each of their outcomes.
constexpr std::chrono::seconds kSweepEvery{1};

bool within(Clock::Instant at, Clock::Instant now, std::chrono::minutes length) {
  return at != Clock::Instant::min() && now - at <= length;
}

double rate(std::uint64_t failed, std::uint64_t all) {
  return all == 0 ? 0 : static_cast<double>(failed) / static_cast<double>(all);
}

}  // namespace

std::string to_json(const Evidence& evidence) {
  return json::write(json::Value{{"outcomes", evidence.outcomes_count},
                                 {"failed", evidence.failed_count},
                                 {"failing_tenants_at_least", evidence.tenants_count},
                                 {"cusum", evidence.sum},
                                 {"threshold", evidence.threshold},
                                 {"control_outcomes", evidence.control_outcomes_count},
                                 {"control_failed", evidence.control_failed_count},
                                 {"arms_compared", evidence.compared}});
}

std::string to_text(const Evidence& evidence) {
  const auto of = [](std::uint64_t failed, std::uint64_t all) {
    return std::to_string(failed) + " of " + std::to_string(all);
  };
  std::string text =
      of(evidence.failed_count, evidence.outcomes_count) + " failed on the new path (" +
      (evidence.compared
           ? of(evidence.control_failed_count, evidence.control_outcomes_count) + " on the old)"
           : std::string("the old path had too few to compare: the rate alone decided)"));
  return text + ", from " + std::to_string(evidence.tenants_count) +
         (evidence.tenants_count == kTenantsMin ? " tenants or more"
          : evidence.tenants_count == 1         ? " tenant"
                                                : " tenants");
}

Verdict Guard::add(Arm arm, const TenantId& tenant, Outcome outcome, Clock::Instant now) {
  if (outcome == Outcome::not_counted || outcome == Outcome::unknown) {
    ++not_counted_;
    return {};
  }
  if (latched_) return {};
  last_outcome_ = now;
  if (arm == Arm::control) {
    add_control(outcome, now);
    return {};
  }
  note_active(tenant, now);
  const auto result = outcome == Outcome::failed ? Cusum::Outcome::failed : Cusum::Outcome::worked;
  Watched* const own = watched(tenant, now);
  if (own == nullptr) {
    count(tenant, result);
    return judge(now);
  }
  own->cusum.add(result);
  const bool counts =
      !own->set_apart && (!many_tenants(now) || own->failures_in_minute < kTenantFailuresMax);
  if (outcome == Outcome::failed) ++own->failures_in_minute;
  if (counts) {
    count(tenant, result);
    if (Verdict verdict = judge(now); verdict.act != Verdict::Act::nothing) return verdict;
  }
  return judge_tenant(tenant, *own, now);
}

void Guard::rearm() {
  *this = Guard(rates_);
}

void Guard::keep_apart(const std::map<TenantId, bool>& values) {
  std::erase_if(tenants_, [&values](const auto& entry) {
    if (!entry.second.set_apart) return false;
    const auto own = values.find(entry.first);
    return own == values.end() || own->second;
  });
}

Guard::State Guard::state(Clock::Instant now) const {
  if (latched_) return State::latched;
  return last_outcome_ != Clock::Instant::min() && now - last_outcome_ <= kGuardWindow
             ? State::watching
             : State::no_data;
}

void Guard::add_control(Outcome outcome, Clock::Instant now) {
  const bool failed = outcome == Outcome::failed;
  control_.push_back({now, failed});
  if (control_.size() > kControlCountMin) control_.pop_front();
  ++control_since_;
  if (failed) ++control_failed_since_;
}

void Guard::note_active(const TenantId& tenant, Clock::Instant now) {
  auto place = std::find_if(active_.begin(), active_.end(),
                            [&](const Active& active) { return active.tenant == tenant; });
  if (place == active_.end()) --place;
  std::rotate(active_.begin(), place, place + 1);
  active_.front() = {tenant, now};
}

bool Guard::many_tenants(Clock::Instant now) const {
  return within(active_.back().at, now, kGuardWindow);
}

Guard::Watched* Guard::watched(const TenantId& tenant, Clock::Instant now) {
  auto found = tenants_.find(tenant);
  if (found == tenants_.end()) {
    if (tenants_.size() >= kWatchedTenantsMax && now - swept_at_ >= kSweepEvery) {
      swept_at_ = now;
      std::erase_if(tenants_, [now](const auto& entry) {
        return entry.second.cusum.sum() == 0 && !entry.second.set_apart &&
               now - entry.second.minute_from > kTenantMinute;
      });
    }
    if (tenants_.size() >= kWatchedTenantsMax) return nullptr;
    found = tenants_.emplace(tenant, Watched{Cusum(rates_), now}).first;
  }
  Watched& own = found->second;
  if (now - own.minute_from >= kTenantMinute) {
    own.minute_from = now;
    own.failures_in_minute = 0;
  }
  return &own;
}

void Guard::count(const TenantId& tenant, Cusum::Outcome outcome) {
  cusum_.add(outcome);
  if (cusum_.sum() == 0) {
    failed_tenants_.clear();
    control_since_ = control_failed_since_ = 0;
    both_arms_said_ = false;
  } else if (outcome == Cusum::Outcome::failed && failed_tenants_.size() < kTenantsMin) {
    failed_tenants_.insert(tenant);
  }
}

Verdict Guard::judge(Clock::Instant now) {
  if (!cusum_.reached()) return {};
  if (many_tenants(now) && failed_tenants_.size() < kTenantsMin) return {};
  Evidence evidence = evidence_of(cusum_, failed_tenants_.size());
  if (!arms_differ(evidence, cusum_, now)) {
    if (std::exchange(both_arms_said_, true)) return {};
    return {Verdict::Act::both_arms, {}, evidence};
  }
  latched_ = true;
  return {Verdict::Act::turn_back, {}, evidence};
}

Verdict Guard::judge_tenant(const TenantId& tenant, Watched& own, Clock::Instant now) {
  if (own.set_apart || !own.cusum.reached() || !many_tenants(now)) return {};
  Evidence evidence = evidence_of(own.cusum, 1);
  if (!arms_differ(evidence, own.cusum, now)) {
    if (std::exchange(both_arms_said_, true)) return {};
    return {Verdict::Act::both_arms, {}, evidence};
  }
  std::erase_if(set_apart_at_, [now](Clock::Instant at) { return now - at > kGuardWindow; });
  if (set_apart_at_.size() + 1 >= kTenantsMin) {
    evidence.tenants_count = kTenantsMin;
    latched_ = true;
    return {Verdict::Act::turn_back, {}, evidence};
  }
  set_apart_at_.push_back(now);
  own.set_apart = true;
  // What it added to the flag's sum is explained.
  cusum_.reset();
  failed_tenants_.clear();
  control_since_ = control_failed_since_ = 0;
  return {Verdict::Act::set_apart, tenant, evidence};
}

bool Guard::arms_differ(Evidence& evidence, const Cusum& cusum, Clock::Instant now) {
  std::erase_if(control_, [now](const Seen& seen) { return now - seen.at > kGuardWindow; });
  evidence.control_outcomes_count = control_.size();
  evidence.control_failed_count = static_cast<std::uint64_t>(std::count_if(
      control_.begin(), control_.end(), [](const Seen& seen) { return seen.failed; }));
  evidence.compared = control_.size() >= kControlCountMin;
  if (!evidence.compared) return true;
  // The last outcomes may still be mostly from before a common failure began.
  if (control_since_ >= kControlStretchMin &&
      rate(control_failed_since_, control_since_) >
          rate(evidence.control_failed_count, evidence.control_outcomes_count)) {
    evidence.control_outcomes_count = control_since_;
    evidence.control_failed_count = control_failed_since_;
  }
  return rate(cusum.failed_count(), cusum.outcomes_count()) >=
         kArmsRatio * rate(evidence.control_failed_count, evidence.control_outcomes_count);
}

Evidence Guard::evidence_of(const Cusum& cusum, std::size_t tenants_count) const {
  Evidence evidence;
  evidence.outcomes_count = cusum.outcomes_count();
  evidence.failed_count = cusum.failed_count();
  evidence.tenants_count = tenants_count;
  evidence.sum = cusum.sum();
  evidence.threshold = cusum.threshold();
  return evidence;
}

}  // namespace cloudfolio::flags

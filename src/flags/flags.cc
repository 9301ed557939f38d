#include "flags/flags.h"

#include <algorithm>

#include "base/ensure.h"
#include "flags/definition.h"
#include "flags/metrics.h"
#include "telemetry/log.h"

namespace cloudfolio::flags {

// What decide() looks at; replaced as a whole.
struct Flags::Snapshot {
  FlagTable table;
  std::optional<Clock::Instant> read_at;  // nullopt: never.

  const Setting& setting(std::string_view flag) const {
    static const Setting kNeverChanged;
    const auto found = table.settings.find(flag);
    return found == table.settings.end() ? kNeverChanged : found->second;
  }
};

struct Flags::Watch {
  Guard guard;
  std::uint64_t armed_version = 0;
};

Flags::Flags(Defaults defaults, const Parts& parts, const Options& options)
    : defaults_(std::move(defaults)),
      parts_(parts),
      options_(options),
      metrics_(std::make_unique<FlagsMetrics>(parts.metrics)),
      snapshot_(std::make_shared<const Snapshot>()) {
  auto watches = watches_.lock();
  for (const Definition& definition : definitions())
    watches->emplace(definition.name, Watch{Guard(options.rates), 0});
}

Flags::~Flags() = default;

Standard Flags::standard(std::string_view flag) const {
  if (const auto found = defaults_.find(flag); found != defaults_.end()) return found->second;
  const Definition* const definition = find_definition(flag);
  CF_ENSURE(definition != nullptr, "a flag that is asked for is defined");
  return {definition->value, "default"};
}

std::shared_ptr<const Flags::Snapshot> Flags::snapshot() const {
  auto current = snapshot_.lock();
  return *current;
}

Decision Flags::decide(std::string_view flag, const TenantId& tenant) const {
  const auto now = snapshot();
  const bool otherwise = standard(flag).value;
  const Definition* const definition = find_definition(flag);
  if (definition != nullptr && definition->when_stale == WhenStale::take_the_default &&
      now->read_at && parts_.clock.now() - *now->read_at > options_.age_max)
    return {std::string(flag), otherwise, now->setting(flag).version, Decision::Why::stale};
  return flags::decide(flag, otherwise, now->setting(flag), tenant);
}

void Flags::record(const Decision& decision, const TenantId& tenant, Outcome outcome) {
  metrics_->outcomes
      .with({decision.flag, decision.value ? "on" : "off",
             outcome == Outcome::worked   ? "worked"
             : outcome == Outcome::failed ? "failed"
                                          : "not_counted"})
      .add();
  const auto arm = decision.value ? Guard::Arm::treated : Guard::Arm::control;
  Verdict verdict;
  std::uint64_t armed_version = 0;
  {
    auto watches = watches_.lock();
    const auto watch = watches->find(decision.flag);
    if (watch == watches->end()) return;  // Of a release that had another flag.
    armed_version = watch->second.armed_version;
    if (decision.version < armed_version) return;
    verdict = watch->second.guard.add(arm, tenant, outcome, parts_.clock.now());
  }
  if (verdict.act != Verdict::Act::nothing) act(decision.flag, armed_version, std::move(verdict));
}

void Flags::act(const std::string& flag, std::uint64_t armed_version, Verdict verdict) {
  const std::string text = to_text(verdict.evidence);
  const std::string evidence = to_json(verdict.evidence);
  if (verdict.act == Verdict::Act::both_arms) {
    metrics_->acts.with({flag, "both_arms"}).add();
    parts_.log.warn({}, "flag.both_arms_fail",
                    {{"flag", flag}, {"why", text}, {"evidence", evidence}});
    return;
  }
  const bool whole = verdict.act == Verdict::Act::turn_back;
  {
    auto current = snapshot_.lock();
    auto next = std::make_shared<Snapshot>(**current);
    Setting& setting = next->table.settings[flag];
    if (whole) {
      setting.share = 0;
      setting.tenants.clear();
      setting.armed = false;
    } else {
      setting.tenants[verdict.tenant] = false;
    }
    *current = std::move(next);
  }
  {
    auto pending = pending_.lock();
    pending->push_back({flag, verdict.tenant, armed_version, text, evidence});
  }
  metrics_->acts.with({flag, whole ? "turn_back" : "set_apart"}).add();
  if (whole) metrics_->turned_back.with({flag}).set(1);
  parts_.log.error(Context().for_tenant(verdict.tenant),
                   whole ? "flag.turned_back" : "flag.tenant_set_apart",
                   {{"flag", flag}, {"why", text}, {"evidence", evidence}});
}

Status Flags::write_pending(const Context& ctx) {
  std::vector<Pending> work;
  {
    auto pending = pending_.lock();
    work = *pending;
  }
  for (const Pending& one : work) {
    CF_CHECK(
        one.tenant.empty()
            ? parts_.store.turn_back(ctx, one.flag, one.armed_version, one.reason, one.evidence)
            : parts_.store.set_apart(ctx, one.flag, one.tenant, one.armed_version, one.reason,
                                     one.evidence));
    auto pending = pending_.lock();
    pending->erase(pending->begin());
  }
  return Done{};
}

Status Flags::refresh(const Context& ctx) {
  const std::lock_guard alone(refreshing_);
  Status written = write_pending(ctx);
  const auto asked_at = parts_.clock.now();
  auto table = parts_.store.read(ctx);
  metrics_->reads.with({table && written ? "ok" : "failed"}).add();
  if (!table || !written) {
    if (const auto now = snapshot(); now->read_at)
      metrics_->age.set(std::chrono::duration<double>(asked_at - *now->read_at).count());
    return table ? std::move(written) : Status(table.error());
  }
  {
    auto pending = pending_.lock();
    // Decided while the table was read: the next refresh writes it first.
    if (!pending->empty()) return Done{};
    auto current = snapshot_.lock();
    if (table->version != (*current)->table.version)
      parts_.log.info(ctx, "flag.version_taken", {{"version", table->version}});
    *current = std::make_shared<const Snapshot>(Snapshot{*table, asked_at});
  }
  adopt(*table);
  return Done{};
}

void Flags::adopt(const FlagTable& table) {
  metrics_->version.set(static_cast<double>(table.version));
  metrics_->age.set(0);
  const Snapshot now{table, {}};
  auto watches = watches_.lock();
  for (auto& [flag, watch] : *watches) {
    const Setting& setting = now.setting(flag);
    const double all = kEverybody;
    metrics_->share.with({flag}).set(setting.share          ? *setting.share / all
                                     : standard(flag).value ? 1
                                                            : 0);
    metrics_->turned_back.with({flag}).set(setting.armed ? 0 : 1);
    watch.guard.keep_apart(setting.tenants);
    if (setting.armed_version == watch.armed_version) continue;
    watch.guard.rearm();
    watch.armed_version = setting.armed_version;
  }
}

Flags::View Flags::view() const {
  const auto now = snapshot();
  const auto instant = parts_.clock.now();
  View view;
  view.version = now->table.version;
  if (now->read_at)
    view.age = std::chrono::duration_cast<std::chrono::seconds>(instant - *now->read_at);
  auto watches = watches_.lock();
  for (const Definition& definition : definitions()) {
    FlagView flag;
    flag.name = definition.name;
    flag.about = definition.about;
    flag.standard = standard(definition.name);
    flag.setting = now->setting(definition.name);
    flag.value = decide(definition.name, TenantId()).value;
    flag.guard =
        flag.setting.armed ? watches->at(flag.name).guard.state(instant) : Guard::State::latched;
    view.flags.push_back(std::move(flag));
  }
  return view;
}

}  // namespace cloudfolio::flags

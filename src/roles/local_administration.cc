#include "roles/local_administration.h"

#include "base/time_text.h"
#include "cache/tenant_places.h"
#include "json/json.h"
#include "roles/tenant_erasure.h"
#include "search/index_portfolio.h"

namespace cloudfolio::roles {
namespace {

using tenancy::Meter;
using tenancy::Reading;

const char* name_of(Reading::Level level) {
  switch (level) {
    case Reading::Level::fine:
      return "fine";
    case Reading::Level::warning:
      return "warning";
    case Reading::Level::full:
      return "full";
  }
  return "fine";
}

Result<json::Object> meter_json(const Context& ctx, TenancyDesk& desk, const TenantId& tenant,
                                const tenancy::Limits& limits, const Reading& reading) {
  CF_TRY(const auto use, desk.ledger().used(ctx, tenant, reading.meter));
  json::Object shown{{"meter", tenancy::to_string(reading.meter)},
                     {"used", reading.used},
                     {"limit", reading.limit},
                     {"remaining", reading.remaining()},
                     {"granted", limits.granted[static_cast<std::size_t>(reading.meter)]},
                     {"window_seconds", tenancy::window_of(reading.meter).count()},
                     {"total", use.total},
                     {"level", name_of(reading.level)}};
  if (reading.fits_at) shown["fits_at"] = to_text(*reading.fits_at);
  return shown;
}

Result<json::Object> usage_of(const Context& ctx, TenancyDesk& desk, const TenantId& tenant) {
  CF_TRY(const auto readings, desk.gate().readings(ctx, tenant));
  CF_TRY(const auto limits, desk.quotas().limits(ctx, tenant));
  CF_TRY(const auto stored, desk.ledger().stored(ctx, tenant));
  CF_TRY(const auto record, desk.directory().find(ctx, tenant));
  json::Object shown{{"tenant", tenant.str()},
                     {"account", record.owner},
                     {"state", tenancy::to_string(record.state)},
                     {"enforced", desk.enforced(tenant)},
                     {"limits_version", limits.version}};
  json::Array meters;
  for (const Reading& reading : readings) {
    CF_TRY(json::Object meter, meter_json(ctx, desk, tenant, limits, reading));
    meters.push_back(std::move(meter));
  }
  shown["meters"] = std::move(meters);
  json::Object storage;
  for (const auto& [storage_class, bytes] : stored)
    storage[tenancy::to_string(storage_class)] = bytes;
  shown["storage"] = std::move(storage);
  return shown;
}

Result<std::vector<TenantId>> tenants_of(const Context& ctx, TenancyDesk& desk,
                                         const std::optional<TenantId>& tenant) {
  if (tenant) return std::vector<TenantId>{*tenant};
  return desk.ledger().tenants(ctx);
}

}  // namespace

Result<std::string> LocalAdministration::usage(const Context& ctx,
                                               const std::optional<TenantId>& tenant) {
  TenancyDesk& desk = platform_.tenancy();
  if (tenant) {
    CF_TRY(json::Object shown, usage_of(ctx, desk, *tenant));
    return json::write(json::Value(std::move(shown)));
  }
  CF_TRY(const auto all, desk.ledger().tenants(ctx));
  json::Array tenants;
  for (const TenantId& one : all) {
    CF_TRY(json::Object shown, usage_of(ctx, desk, one));
    tenants.push_back(std::move(shown));
  }
  return json::write(
      json::Object{{"tenants", std::move(tenants)}, {"enforced", desk.enforced(TenantId())}});
}

Result<std::string> LocalAdministration::verify_usage(const Context& ctx,
                                                      const std::optional<TenantId>& tenant) {
  TenancyDesk& desk = platform_.tenancy();
  CF_TRY(const auto tenants, tenants_of(ctx, desk, tenant));
  json::Array problems;
  for (const TenantId& one : tenants) {
    CF_TRY(const auto entries, cache::counted_entries(ctx, desk.blobs(), one));
    CF_TRY(const auto found, desk.ledger().verify(ctx, one, entries));
    for (const tenancy::UsageProblem& problem : found)
      problems.push_back({{"tenant", one.str()},
                          {"what", problem.what},
                          {"expected", problem.expected},
                          {"found", problem.found}});
  }
  const bool reconciles = problems.empty();
  return json::write(json::Object{
      {"reconciles", reconciles}, {"tenants", tenants.size()}, {"problems", std::move(problems)}});
}

Result<std::string> LocalAdministration::set_quota(const Context& ctx, const TenantId& tenant,
                                                   const std::string& meter,
                                                   std::optional<std::int64_t> amount) {
  const auto known = tenancy::meter_from(meter);
  if (!known) {
    std::string names;
    for (const Meter one : tenancy::kMeters)
      names += (names.empty() ? "" : ", ") + std::string(tenancy::to_string(one));
    return Error(Code::invalid_argument, "no such quota: '" + meter + "'. There are: " + names);
  }
  CF_CHECK(platform_.tenancy().quotas().grant(ctx, tenant, *known, amount));
  platform_.log().info(ctx.for_tenant(tenant), "quota.changed",
                       {{"meter", meter}, {"limit", amount.value_or(-1)}});
  return usage(ctx, tenant);
}

Result<std::string> LocalAdministration::settings(const Context& ctx, const TenantId& tenant) {
  tenancy::TenantSettings& settings = platform_.tenancy().settings();
  CF_TRY(const auto value, settings.include_private(ctx, tenant));
  CF_TRY(const auto changes, settings.changes(ctx, tenant));
  json::Array shown;
  for (const tenancy::SettingChange& change : changes)
    shown.push_back({{"name", change.name},
                     {"value", change.value == tenancy::Allowed::yes},
                     {"by", change.by},
                     {"at", to_text(change.at)}});
  json::Object settings_now;
  settings_now[tenancy::kIncludePrivate] = value == tenancy::Allowed::yes;
  return json::write(json::Object{{"tenant", tenant.str()},
                                  {"settings", std::move(settings_now)},
                                  {"changes", std::move(shown)}});
}

Result<std::string> LocalAdministration::set_include_private(const Context& ctx,
                                                             const TenantId& tenant,
                                                             gateway::IncludePrivate value,
                                                             const std::string& by) {
  const bool on = value == gateway::IncludePrivate::yes;
  CF_TRY(const bool changed,
         platform_.tenancy().settings().set_include_private(
             ctx, tenant, on ? tenancy::Allowed::yes : tenancy::Allowed::no, by));
  if (changed)
    platform_.log().info(ctx.for_tenant(tenant), "tenant.setting_changed",
                         {{"name", tenancy::kIncludePrivate}, {"value", on}, {"by", by}});
  CF_CHECK(follow_include_private(ctx, tenant, value));
  return settings(ctx, tenant);
}

Status LocalAdministration::follow_include_private(const Context& ctx, const TenantId& tenant,
                                                   gateway::IncludePrivate value) {
  CF_TRY(const auto place, platform_.rights().find_live(ctx, tenant));
  // Without an orchestrator here, the next refresh's index follows.
  if (!place || instances_ == nullptr) return Done{};
  const auto published = platform_.cache().open(*place).publication_info(ctx);
  if (!published && published.error().code() == Code::not_found) return Done{};
  const bool on = value == gateway::IncludePrivate::yes;
  durable::StartOptions options;
  options.name = search::kIndexPortfolio;
  options.instance = InstanceId(search::private_index_instance(tenant));
  options.input = search::index_input(*place, on ? "" : cache::kBaseModelName);
  const InstanceId instance = options.instance;
  const std::string input = options.input;
  const auto started = instances_->start(ctx.for_tenant(tenant), std::move(options));
  if (started) return Done{};
  if (started.error().code() != Code::conflict) return started.error();
  return instances_->raise_event(ctx, instance, search::kAgainEvent, input);
}

Result<std::string> LocalAdministration::delete_tenant(const Context& ctx, const TenantId& tenant) {
  if (instances_ == nullptr)
    return Error(Code::unavailable, "this process only reads; `cloudfolio serve` deletes");
  TenantErasure erasure(
      {.storage = platform_.storage(),
       .desk = platform_.tenancy(),
       .instances = *instances_,
       .clock = platform_.clock(),
       .log = platform_.log(),
       .on_removed = [this](const std::string& key) { platform_.cache().forget(key); }});
  return erasure.run(ctx, tenant);
}

Result<bool> LocalAdministration::is_deleted(const Context& ctx, const TenantId& tenant) {
  CF_TRY(const auto record, platform_.tenancy().directory().find(ctx, tenant));
  return record.state == tenancy::TenantState::deleted ||
         record.state == tenancy::TenantState::deleting;
}

Result<std::optional<gateway::QuotaState>> LocalAdministration::quota(const Context& ctx,
                                                                      const TenantId& tenant,
                                                                      gateway::Metered work) {
  CF_TRY(const auto all, platform_.tenancy().gate().readings(ctx, tenant));
  const Reading* nearest = nullptr;
  for (const Reading& reading : all) {
    const bool training = reading.meter == Meter::trainings;
    if (reading.limit == 0 || training != (work == gateway::Metered::training)) continue;
    if (reading.meter == Meter::storage_bytes && reading.level != Reading::Level::full) continue;
    if (nearest == nullptr ||
        (reading.level == Reading::Level::full && nearest->level != Reading::Level::full))
      nearest = &reading;
  }
  if (nearest == nullptr) return std::optional<gateway::QuotaState>();
  gateway::QuotaState state;
  state.meter = tenancy::to_string(nearest->meter);
  state.used = nearest->used;
  state.limit = nearest->limit;
  state.remaining = nearest->remaining();
  state.window = tenancy::window_of(nearest->meter);
  state.message = tenancy::describe(*nearest);
  state.refused = nearest->level == Reading::Level::full;
  if (nearest->fits_at) {
    const auto wait = *nearest->fits_at - platform_.clock().wall_time();
    state.fits_in = std::chrono::ceil<std::chrono::seconds>(std::max(wait, wait.zero()));
    state.fits_at = to_text(*nearest->fits_at);
  }
  return std::optional(std::move(state));
}

}  // namespace cloudfolio::roles

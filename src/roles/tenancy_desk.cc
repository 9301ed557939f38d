#include "roles/tenancy_desk.h"

#include "cache/cache.h"
#include "cache/rights.h"
#include "flags/definition.h"
#include "flags/flags.h"

namespace cloudfolio::roles {
namespace {

std::array<std::int64_t, tenancy::kMetersCount> limits_of(const Config& config) {
  std::array<std::int64_t, tenancy::kMetersCount> limits{};
  const auto set = [&](tenancy::Meter meter, std::int64_t limit) {
    limits[static_cast<std::size_t>(meter)] = limit;
  };
  set(tenancy::Meter::storage_bytes, config.quota_storage_bytes);
  set(tenancy::Meter::orchestrations, config.quota_orchestrations_per_day);
  set(tenancy::Meter::trainings, config.quota_trainings_per_week);
  set(tenancy::Meter::github_calls, config.quota_github_calls_per_hour);
  return limits;
}

std::function<bool(const TenantId&)> enforced_by(const Config& config, const flags::Flags* flags) {
  if (flags) {
    return
        [flags](const TenantId& tenant) { return flags->is_on(flags::kQuotaEnforcement, tenant); };
  }
  return [value = flag(config, flags::kQuotaEnforcement)](const TenantId&) { return value; };
}

tenancy::QuotaGate::Options gate_options(const Config& config,
                                         std::function<bool(const TenantId&)> enforced) {
  tenancy::QuotaGate::Options options;
  options.enforced = std::move(enforced);
  options.patience = quota_patience(config);
  return options;
}

}  // namespace

TenancyDesk::TenancyDesk(const Config& config, storage::BlobStore& blobs, const Tables& tables,
                         const Clock& clock, const flags::Flags* flags)
    : enforced_(enforced_by(config, flags)),
      blobs_(blobs),
      ledger_(tables.usage, clock),
      directory_(tables.tenants),
      quotas_(tables.quotas, limits_of(config)),
      guard_(ledger_, directory_),
      guarded_(blobs, guard_),
      gate_(gate_options(config, enforced_), ledger_, quotas_, clock),
      request_keys_({std::chrono::hours(config.idempotency_kept_hours)}, tables.request_keys,
                    clock),
      settings_(tables.settings, clock),
      accounts_({.directory = directory_,
                 .ledger = ledger_,
                 .quotas = quotas_,
                 .blobs = blobs,
                 .rights = tables.rights,
                 .others = {&tables.request_keys, &tables.settings}}) {}

Result<std::unique_ptr<TenancyDesk>> TenancyDesk::open(const Config& config,
                                                       storage::Storage& storage,
                                                       const Clock& clock,
                                                       const flags::Flags* flags) {
  CF_TRY(storage::BlobStore* const blobs, storage.blobs(cache::kContainer));
  CF_TRY(storage::Table* const usage, storage.table(tenancy::kUsageTable));
  CF_TRY(storage::Table* const tenants, storage.table(tenancy::kTenantsTable));
  CF_TRY(storage::Table* const quotas, storage.table(tenancy::kQuotasTable));
  CF_TRY(storage::Table* const rights, storage.table(cache::kRightsTable));
  CF_TRY(storage::Table* const keys, storage.table(tenancy::kRequestKeysTable));
  CF_TRY(storage::Table* const settings, storage.table(tenancy::kSettingsTable));
  return std::unique_ptr<TenancyDesk>(new TenancyDesk(
      config, *blobs, {*usage, *tenants, *quotas, *rights, *keys, *settings}, clock, flags));
}

}  // namespace cloudfolio::roles

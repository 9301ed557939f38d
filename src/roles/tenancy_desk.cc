#include "roles/tenancy_desk.h"

#include "cache/cache.h"
#include "cache/rights.h"

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

tenancy::QuotaGate::Options gate_options(const Config& config) {
  tenancy::QuotaGate::Options options;
  options.enforced = [enforced = flag(config, "ENABLE_QUOTA_ENFORCEMENT")](const TenantId&) {
    return enforced;
  };
  options.patience = std::chrono::milliseconds(config.quota_patience_ms);
  return options;
}

}  // namespace

TenancyDesk::TenancyDesk(const Config& config, storage::BlobStore& blobs, const Tables& tables,
                         const Clock& clock)
    : enforced_(flag(config, "ENABLE_QUOTA_ENFORCEMENT")),
      blobs_(blobs),
      ledger_(tables.usage, clock),
      directory_(tables.tenants),
      quotas_(tables.quotas, limits_of(config)),
      guard_(ledger_, directory_),
      guarded_(blobs, guard_),
      gate_(gate_options(config), ledger_, quotas_, clock),
      accounts_({.directory = directory_,
                 .ledger = ledger_,
                 .quotas = quotas_,
                 .blobs = blobs,
                 .rights = tables.rights}) {}

Result<std::unique_ptr<TenancyDesk>> TenancyDesk::open(const Config& config,
                                                       storage::Storage& storage,
                                                       const Clock& clock) {
  CF_TRY(storage::BlobStore* const blobs, storage.blobs(cache::kContainer));
  CF_TRY(storage::Table* const usage, storage.table(tenancy::kUsageTable));
  CF_TRY(storage::Table* const tenants, storage.table(tenancy::kTenantsTable));
  CF_TRY(storage::Table* const quotas, storage.table(tenancy::kQuotasTable));
  CF_TRY(storage::Table* const rights, storage.table(cache::kRightsTable));
  return std::unique_ptr<TenancyDesk>(
      new TenancyDesk(config, *blobs, {*usage, *tenants, *quotas, *rights}, clock));
}

}  // namespace cloudfolio::roles

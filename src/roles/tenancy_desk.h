#pragma once
// TenancyDesk: who the tenants of a store are and what they used, put together for one process.
//
// Lifetime: the storage and the clock outlive it. Threads: thread-safe.

#include <functional>
#include <memory>

#include "cache/guarded_blobs.h"
#include "roles/config.h"
#include "storage/storage.h"
#include "sync/accounts.h"
#include "tenancy/quota_book.h"
#include "tenancy/quota_gate.h"
#include "tenancy/request_keys.h"
#include "tenancy/tenant_directory.h"
#include "tenancy/tenant_settings.h"
#include "tenancy/usage_guard.h"
#include "tenancy/usage_ledger.h"

namespace cloudfolio::flags {
class Flags;
}

namespace cloudfolio::roles {

class TenancyDesk {
 public:
  // `flags` says while running for whom a full quota refuses; it outlives the desk. Null: the
  // configuration alone says so, for everybody.
  static Result<std::unique_ptr<TenancyDesk>> open(const Config& config, storage::Storage& storage,
                                                   const Clock& clock,
                                                   const flags::Flags* flags = nullptr);

  tenancy::UsageLedger& ledger() { return ledger_; }
  tenancy::TenantDirectory& directory() { return directory_; }
  tenancy::QuotaBook& quotas() { return quotas_; }
  tenancy::QuotaGate& gate() { return gate_; }
  tenancy::TenantSettings& settings() { return settings_; }
  tenancy::RequestKeys& request_keys() { return request_keys_; }
  sync::Accounts& accounts() { return accounts_; }
  // The cache's container, with every write counted and guarded; and as it is.
  storage::BlobStore& guarded_blobs() { return guarded_; }
  storage::BlobStore& blobs() { return blobs_; }
  // For that tenant; an empty one: for nobody in particular.
  bool enforced(const TenantId& tenant) const { return enforced_(tenant); }

 private:
  struct Tables {
    storage::Table& usage;
    storage::Table& tenants;
    storage::Table& quotas;
    storage::Table& rights;
    storage::Table& request_keys;
    storage::Table& settings;
  };
  TenancyDesk(const Config& config, storage::BlobStore& blobs, const Tables& tables,
              const Clock& clock, const flags::Flags* flags);

  using Enforced = std::function<bool(const TenantId&)>;
  const Enforced enforced_;
  storage::BlobStore& blobs_;
  tenancy::UsageLedger ledger_;
  tenancy::TenantDirectory directory_;
  tenancy::QuotaBook quotas_;
  tenancy::UsageGuard guard_;
  cache::GuardedBlobs guarded_;
  tenancy::QuotaGate gate_;
  tenancy::RequestKeys request_keys_;
  tenancy::TenantSettings settings_;
  sync::Accounts accounts_;
};

}  // namespace cloudfolio::roles

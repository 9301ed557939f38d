#pragma once
// UsageGuard: the EntryGuard of an installation: counts in the ledger, and asks the directory
// whether the tenant may still be written.

#include "tenancy/entry_guard.h"
#include "tenancy/tenant_directory.h"
#include "tenancy/usage_ledger.h"

namespace cloudfolio::tenancy {

class UsageGuard final : public EntryGuard {
 public:
  // Both outlive it.
  UsageGuard(UsageLedger& ledger, TenantDirectory& directory)
      : ledger_(ledger), directory_(directory) {}

  Result<Epoch> admit(const Context& ctx, const TenantId& tenant) override;
  Status settle(const Context& ctx, const EntryWrite& write, Epoch epoch) override;
  Status removed(const Context& ctx, const TenantId& tenant, std::string_view key) override;

 private:
  UsageLedger& ledger_;
  TenantDirectory& directory_;
};

}  // namespace cloudfolio::tenancy

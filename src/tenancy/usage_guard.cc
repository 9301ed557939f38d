#include "tenancy/usage_guard.h"

namespace cloudfolio::tenancy {

namespace {

Error refused(const TenantId& tenant, TenantState state) {
  return Error(Code::cancelled,
               "'" + tenant.str() + "' is " + std::string(to_string(state)) +
                   (state == TenantState::deleted ? "; a refresh that is asked for begins anew"
                                                  : "; try again when that is over"));
}

}  // namespace

Result<Epoch> UsageGuard::admit(const Context& ctx, const TenantId& tenant) {
  CF_TRY(const TenantRecord record, directory_.find(ctx, tenant));
  if (record.state != TenantState::live) return refused(tenant, record.state);
  return record.epoch;
}

Status UsageGuard::settle(const Context& ctx, const EntryWrite& write, Epoch epoch) {
  CF_CHECK(ledger_.entry_written(ctx, write.tenant, write.key, write.storage_class,
                                 static_cast<std::int64_t>(write.size_bytes)));
  // Asked after both writes: whoever deletes the tenant marks it first, then looks for what is
  // there.
  CF_TRY(const TenantRecord record, directory_.find(ctx, write.tenant));
  if (record.state == TenantState::live && record.epoch == epoch) return Done{};
  CF_CHECK(ledger_.entry_removed(ctx, write.tenant, write.key));
  return refused(write.tenant, record.state);
}

Status UsageGuard::removed(const Context& ctx, const TenantId& tenant, std::string_view key) {
  return ledger_.entry_removed(ctx, tenant, key);
}

}  // namespace cloudfolio::tenancy

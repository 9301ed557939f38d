#include "sync/accounts.h"

#include "cache/tenant_places.h"
#include "storage/rules.h"
#include "tenancy/quota_book.h"
#include "tenancy/table_rows.h"
#include "tenancy/tenant_directory.h"
#include "tenancy/usage_ledger.h"

namespace cloudfolio::sync {

Status Accounts::move(const Context& ctx, const std::string& owner, const TenantId& from,
                      const TenantId& to) {
  CF_CHECK(parts_.directory.begin_move(ctx, from, to));
  CF_CHECK(cache::move_entries(ctx, parts_.blobs, from, to));
  CF_CHECK(tenancy::move_partition(ctx, parts_.rights, storage::to_table_key(from.str()),
                                   storage::to_table_key(to.str())));
  for (storage::Table* const table : parts_.others)
    CF_CHECK(tenancy::move_partition(ctx, *table, storage::to_table_key(from.str()),
                                     storage::to_table_key(to.str())));
  CF_CHECK(parts_.quotas.move(ctx, from, to));
  CF_CHECK(parts_.ledger.move(ctx, from, to));
  CF_CHECK(tidy(ctx, to));  // Its entries have other keys now.
  return parts_.directory.end_move(ctx, owner, from, to);
}

Status Accounts::settle(const Context& ctx, const TenantId& login, const std::string& owner) {
  if (owner.empty()) return Done{};
  CF_TRY(const tenancy::Settlement due, parts_.directory.compare(ctx, login, owner));
  if (due.park_at) CF_CHECK(move(ctx, due.parked_owner, login, *due.park_at));
  if (due.come_from) CF_CHECK(move(ctx, owner, *due.come_from, login));
  return parts_.directory.claim(ctx, login, owner);
}

Result<bool> Accounts::is_claimed(const Context& ctx, const TenantId& login) const {
  CF_TRY(const tenancy::TenantRecord record, parts_.directory.find(ctx, login));
  return !record.owner.empty();
}

Status Accounts::count(const Context& ctx, const TenantId& tenant, tenancy::Meter meter,
                       std::string_view operation, std::int64_t amount) {
  CF_CHECK(parts_.ledger.count(ctx, tenant, meter, operation, amount));
  return Done{};
}

Status Accounts::tidy(const Context& ctx, const TenantId& tenant) {
  CF_TRY(const auto entries, cache::counted_entries(ctx, parts_.blobs, tenant));
  CF_CHECK(parts_.ledger.recount(ctx, tenant, entries));
  return parts_.ledger.prune(ctx, tenant);
}

}  // namespace cloudfolio::sync

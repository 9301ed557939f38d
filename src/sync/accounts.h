#pragma once
// Accounts: what a refresh tells the tenancy: whose login it found, and what it used.
//
// Threads: thread-safe. What it is given outlives it. Errors: the store's; cancelled (the tenant is
// being deleted).

#include <string>
#include <string_view>

#include "base/context.h"
#include "base/id.h"
#include "base/result.h"
#include "tenancy/meter.h"

namespace cloudfolio::storage {
class BlobStore;
class Table;
}  // namespace cloudfolio::storage
namespace cloudfolio::tenancy {
class QuotaBook;
class TenantDirectory;
class UsageLedger;
}  // namespace cloudfolio::tenancy

namespace cloudfolio::sync {

class Accounts {
 public:
  struct Parts {
    tenancy::TenantDirectory& directory;
    tenancy::UsageLedger& ledger;
    tenancy::QuotaBook& quotas;
    storage::BlobStore& blobs;  // The cache's container as it is, without a guard.
    storage::Table& rights;     // cache/rights.h
    // More tables with a partition a tenant, whose rows are the account's, too: request keys,
    // settings.
    std::vector<storage::Table*> others = {};
  };
  explicit Accounts(const Parts& parts) : parts_(parts) {}

  // GitHub says that `login` is the account `owner` now. Makes the login's data that account's:
  // what was another's goes out of the way, what it has elsewhere comes here (whole, before readers
  // see any of it). Nothing in the usual case, at the cost of one read. May be repeated.
  Status settle(const Context& ctx, const TenantId& login, const std::string& owner);
  // Whether it is known whose the login is; then an empty list needs the owner asked for.
  Result<bool> is_claimed(const Context& ctx, const TenantId& login) const;

  // Once for each operation, however often it is told.
  Status count(const Context& ctx, const TenantId& tenant, tenancy::Meter meter,
               std::string_view operation, std::int64_t amount);
  // Sets right what crashes left uncounted, and folds old events.
  Status tidy(const Context& ctx, const TenantId& tenant);

 private:
  Status move(const Context& ctx, const std::string& owner, const TenantId& from,
              const TenantId& to);

  const Parts parts_;
};

}  // namespace cloudfolio::sync

#pragma once
// QuotaBook: how much a tenant may use: the defaults, and what an operator granted instead.
//
// Table `quotas`, partition: the tenant (to_table_key), row "limits": one integer a meter that is
// granted otherwise (0: no limit), and "version", which every change raises. A change holds at the
// next decision; nothing is cached.
//
// Threads: thread-safe. Errors: the store's; conflict where two operators change at once.

#include <array>
#include <cstdint>
#include <optional>

#include "base/context.h"
#include "base/id.h"
#include "base/result.h"
#include "storage/table.h"
#include "tenancy/meter.h"

namespace cloudfolio::tenancy {

inline constexpr char kQuotasTable[] = "quotas";

struct Limits {
  std::array<std::int64_t, kMetersCount> amounts{};  // by Meter; 0: none
  std::array<bool, kMetersCount> granted{};          // set for this tenant, not the default
  std::int64_t version = 0;                          // 0: never changed
  std::int64_t of(Meter meter) const { return amounts[static_cast<std::size_t>(meter)]; }
};

class QuotaBook {
 public:
  // `defaults` by Meter. `table` outlives it.
  QuotaBook(storage::Table& table, std::array<std::int64_t, kMetersCount> defaults)
      : table_(table), defaults_(defaults) {}

  Result<Limits> limits(const Context& ctx, const TenantId& tenant) const;
  const std::array<std::int64_t, kMetersCount>& defaults() const { return defaults_; }
  // nullopt: the default again.
  Status grant(const Context& ctx, const TenantId& tenant, Meter meter,
               std::optional<std::int64_t> amount);
  Status move(const Context& ctx, const TenantId& from, const TenantId& to);
  Result<std::size_t> erase(const Context& ctx, const TenantId& tenant);

 private:
  storage::Table& table_;
  const std::array<std::int64_t, kMetersCount> defaults_;
};

std::array<std::int64_t, kMetersCount> default_limits();

}  // namespace cloudfolio::tenancy

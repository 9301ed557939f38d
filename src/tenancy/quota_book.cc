#include "tenancy/quota_book.h"

#include "storage/rules.h"
#include "tenancy/table_rows.h"

namespace cloudfolio::tenancy {

namespace {

constexpr int kGrantAttemptsMax = 20;

storage::EntityKey key_of(const TenantId& tenant) {
  return {storage::to_table_key(tenant.str()), "limits"};
}

}  // namespace

std::array<std::int64_t, kMetersCount> default_limits() {
  std::array<std::int64_t, kMetersCount> limits{};
  for (const Meter meter : kMeters)
    limits[static_cast<std::size_t>(meter)] = default_limit_of(meter);
  return limits;
}

Result<Limits> QuotaBook::limits(const Context& ctx, const TenantId& tenant) const {
  Limits limits;
  limits.amounts = defaults_;
  CF_TRY(const auto row, find_row(ctx, table_, key_of(tenant)));
  if (!row) return limits;
  limits.version = int_of(*row, "version");
  for (const Meter meter : kMeters) {
    const std::string name(to_string(meter));
    if (!row->values.contains(name)) continue;
    limits.amounts[static_cast<std::size_t>(meter)] = int_of(*row, name);
    limits.granted[static_cast<std::size_t>(meter)] = true;
  }
  return limits;
}

Status QuotaBook::grant(const Context& ctx, const TenantId& tenant, Meter meter,
                        std::optional<std::int64_t> amount) {
  if (amount && *amount < 0) return Error(Code::invalid_argument, "a limit is 0 (none) or more");
  for (int attempt = 0; attempt < kGrantAttemptsMax; ++attempt) {
    CF_TRY(const auto row, find_row(ctx, table_, key_of(tenant)));
    storage::Entity next{key_of(tenant), row ? row->values : storage::Values()};
    next.values["version"] = (row ? int_of(*row, "version") : 0) + 1;
    next.values.erase(std::string(to_string(meter)));
    if (amount) next.values[std::string(to_string(meter))] = *amount;
    auto written =
        row ? table_.update(ctx, next, storage::Write::replace, storage::Matches{row->etag})
            : table_.insert(ctx, next);
    if (written) return Done{};
    const Code code = written.error().code();
    if (code != Code::conflict && code != Code::not_found) return std::move(written).error();
  }
  return Error(Code::conflict, "somebody else changes the same limits; try again");
}

Status QuotaBook::move(const Context& ctx, const TenantId& from, const TenantId& to) {
  return move_partition(ctx, table_, key_of(from).partition, key_of(to).partition);
}

Result<std::size_t> QuotaBook::erase(const Context& ctx, const TenantId& tenant) {
  return erase_partition(ctx, table_, key_of(tenant).partition);
}

}  // namespace cloudfolio::tenancy

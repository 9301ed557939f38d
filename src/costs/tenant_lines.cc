#include "costs/tenant_lines.h"

#include <functional>
#include <utility>

#include "costs/cost_rows.h"
#include "crypto/hash.h"

namespace cloudfolio::costs {
namespace {

Status for_each_line(const Context& ctx, storage::Table& table, const TenantId& tenant,
                     const std::function<Status(storage::Entity)>& visit) {
  storage::TableQuery query;
  query.partition = partition_of(tenant);
  do {
    CF_TRY(storage::TablePage page, table.query(ctx, query));
    for (storage::Entity& entity : page.entities) {
      CF_CHECK(visit(std::move(entity)));
    }
    query.continuation = page.continuation;
  } while (!query.continuation.empty());
  return Done{};
}

}  // namespace

Result<std::uint64_t> count_lines_of(const Context& ctx, storage::Table& table,
                                     const TenantId& tenant) {
  std::uint64_t count = 0;
  CF_CHECK(for_each_line(ctx, table, tenant, [&](const storage::Entity&) -> Status {
    ++count;
    return Done{};
  }));
  return count;
}

Status release_lines_of(const Context& ctx, storage::Table& table, const TenantId& tenant) {
  if (tenant.empty()) return Done{};
  // Tells the lines of several tenants apart, and is the same when this is done again.
  const std::string mark = "|" + crypto::sha256_hex(tenant.str()).substr(0, 16);
  return for_each_line(ctx, table, tenant, [&](storage::Entity line) -> Status {
    const storage::EntityKey named = line.key;
    line.key = {partition_of(TenantId()), named.row + mark};
    line.values["tenant"] = std::string();
    CF_TRY(const storage::ETag etag, table.upsert(ctx, line, storage::Write::replace));
    (void)etag;
    return table.remove(ctx, named, storage::Anything{});
  });
}

}  // namespace cloudfolio::costs

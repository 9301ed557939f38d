#pragma once
// The cost lines of a tenant that is deleted: what was spent stays in the sums, under nobody.
//
// Errors: the table's. Threads: as the table.

#include <cstdint>

#include "base/context.h"
#include "base/id.h"
#include "base/result.h"
#include "storage/table.h"

namespace cloudfolio::costs {

Result<std::uint64_t> count_lines_of(const Context& ctx, storage::Table& table,
                                     const TenantId& tenant);
// Books every line of the tenant under "", without its name. One that was interrupted may be called
// again: no line is counted twice once it ended.
Status release_lines_of(const Context& ctx, storage::Table& table, const TenantId& tenant);

}  // namespace cloudfolio::costs

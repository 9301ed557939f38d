#pragma once
// Reading and emptying the rows of one partition: what every table of this room needs.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "storage/table.h"

namespace cloudfolio::tenancy {

// Rows of a partition whose name begins with `prefix` (empty: all), page by page.
Status for_each_row(const Context& ctx, storage::Table& table, const std::string& partition,
                    std::string_view prefix,
                    const std::function<Status(const storage::Entity&)>& visit);
// Writes in batches of one partition; none of the actions may be refused.
Status write_all(const Context& ctx, storage::Table& table,
                 std::vector<storage::TableAction> actions);
// Removes every row of a partition; how many.
Result<std::size_t> erase_partition(const Context& ctx, storage::Table& table,
                                    const std::string& partition);
// Copies every row of `from` to `to`, then removes those of `from`. May be repeated.
Status move_partition(const Context& ctx, storage::Table& table, const std::string& from,
                      const std::string& to);

std::int64_t int_of(const storage::Entity& entity, const std::string& name);
std::string text_of(const storage::Entity& entity, const std::string& name);
// nullopt: there is no such row.
Result<std::optional<storage::Entity>> find_row(const Context& ctx, storage::Table& table,
                                                const storage::EntityKey& key);

}  // namespace cloudfolio::tenancy

#include "tenancy/table_rows.h"

#include <algorithm>
#include <iterator>

namespace cloudfolio::tenancy {

namespace {

// Above every text that begins with `prefix`: names are ASCII here.
std::string after(std::string_view prefix) {
  std::string text(prefix);
  if (!text.empty()) ++text.back();
  return text;
}

}  // namespace

Status for_each_row(const Context& ctx, storage::Table& table, const std::string& partition,
                    std::string_view prefix,
                    const std::function<Status(const storage::Entity&)>& visit) {
  storage::TableQuery query;
  query.partition = partition;
  query.row_from = std::string(prefix);
  query.row_before = after(prefix);
  do {
    CF_TRY(const storage::TablePage page, table.query(ctx, query));
    for (const storage::Entity& entity : page.entities) CF_CHECK(visit(entity));
    query.continuation = page.continuation;
  } while (!query.continuation.empty());
  return Done{};
}

Status write_all(const Context& ctx, storage::Table& table,
                 std::vector<storage::TableAction> actions) {
  std::size_t at = 0;
  while (at < actions.size()) {
    const std::size_t end = std::min(actions.size(), at + storage::kBatchCountMax);
    const std::vector<storage::TableAction> slice(
        std::make_move_iterator(actions.begin() + static_cast<std::ptrdiff_t>(at)),
        std::make_move_iterator(actions.begin() + static_cast<std::ptrdiff_t>(end)));
    CF_TRY(const storage::BatchOutcome outcome, table.batch(ctx, slice));
    if (const auto* refusal = std::get_if<storage::BatchRefusal>(&outcome)) return refusal->error;
    at = end;
  }
  return Done{};
}

Result<std::size_t> erase_partition(const Context& ctx, storage::Table& table,
                                    const std::string& partition) {
  std::vector<storage::TableAction> removals;
  CF_CHECK(for_each_row(ctx, table, partition, "", [&](const storage::Entity& entity) -> Status {
    removals.push_back(storage::RemoveAction{entity.key});
    return Done{};
  }));
  const std::size_t count = removals.size();
  CF_CHECK(write_all(ctx, table, std::move(removals)));
  return count;
}

Status move_partition(const Context& ctx, storage::Table& table, const std::string& from,
                      const std::string& to) {
  std::vector<storage::TableAction> copies;
  CF_CHECK(for_each_row(ctx, table, from, "", [&](const storage::Entity& entity) -> Status {
    storage::Entity copy = entity;
    copy.key.partition = to;
    copies.push_back(storage::UpsertAction{std::move(copy)});
    return Done{};
  }));
  CF_CHECK(write_all(ctx, table, std::move(copies)));
  CF_CHECK(erase_partition(ctx, table, from));
  return Done{};
}

std::int64_t int_of(const storage::Entity& entity, const std::string& name) {
  const auto found = entity.values.find(name);
  if (found == entity.values.end()) return 0;
  const auto* number = std::get_if<std::int64_t>(&found->second);
  return number == nullptr ? 0 : *number;
}

std::string text_of(const storage::Entity& entity, const std::string& name) {
  const auto found = entity.values.find(name);
  if (found == entity.values.end()) return {};
  const auto* text = std::get_if<std::string>(&found->second);
  return text == nullptr ? std::string() : *text;
}

Result<std::optional<storage::Entity>> find_row(const Context& ctx, storage::Table& table,
                                                const storage::EntityKey& key) {
  auto read = table.get(ctx, key);
  if (read) return std::optional(*std::move(read));
  if (read.error().code() != Code::not_found) return std::move(read).error();
  return std::optional<storage::Entity>();
}

}  // namespace cloudfolio::tenancy

#pragma once
// One table of an embedded store.

#include <cstdint>

#include "storage/embedded/store.h"
#include "storage/table.h"

namespace cloudfolio::storage::embedded {

class EmbeddedTable final : public Table {
 public:
  EmbeddedTable(Store& store, std::int64_t place) : store_(store), place_(place) {}

  Result<Entity> get(const Context& ctx, const EntityKey& key) override;
  Result<TablePage> query(const Context& ctx, const TableQuery& query) override;
  Result<ETag> insert(const Context& ctx, const Entity& entity) override;
  Result<ETag> upsert(const Context& ctx, const Entity& entity, Write write) override;
  Result<ETag> update(const Context& ctx, const Entity& entity, Write write,
                      const UpdateIf& condition) override;
  Status remove(const Context& ctx, const EntityKey& key, const UpdateIf& condition) override;
  Result<BatchOutcome> batch(const Context& ctx, const std::vector<TableAction>& actions) override;

 private:
  Result<ETag> apply_one(const Context& ctx, TableAction action);
  Result<ETag> apply_action(sqlite::Database& db, const TableAction& action);

  Store& store_;
  const std::int64_t place_;
};

}  // namespace cloudfolio::storage::embedded

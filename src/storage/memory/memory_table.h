#pragma once
// Entities in a map.

#include <map>

#include "base/clock.h"
#include "base/guarded.h"
#include "storage/table.h"

namespace cloudfolio::storage {

class MemoryTable final : public Table {
 public:
  explicit MemoryTable(const Clock& clock) : clock_(clock) {}

  Result<Entity> get(const Context& ctx, const EntityKey& key) override;
  Result<TablePage> query(const Context& ctx, const TableQuery& query) override;
  Result<ETag> insert(const Context& ctx, const Entity& entity) override;
  Result<ETag> upsert(const Context& ctx, const Entity& entity, Write write) override;
  Result<ETag> update(const Context& ctx, const Entity& entity, Write write,
                      const UpdateIf& condition) override;
  Status remove(const Context& ctx, const EntityKey& key, const UpdateIf& condition) override;
  Result<BatchOutcome> batch(const Context& ctx, const std::vector<TableAction>& actions) override;

 private:
  struct State {
    std::map<EntityKey, Entity> entities;
    std::uint64_t last_etag = 0;
  };
  Result<ETag> apply_one(const Context& ctx, TableAction action);

  const Clock& clock_;
  Guarded<State> state_;
};

}  // namespace cloudfolio::storage

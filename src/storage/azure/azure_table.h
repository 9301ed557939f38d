#pragma once
// One table. Contract: storage/table.h and azure.h.

#include <string>

#include "storage/azure/entity_json.h"
#include "storage/azure/service.h"
#include "storage/table.h"

namespace cloudfolio::storage::azure {

class AzureTable final : public Table {
 public:
  // `service` outlives the table.
  AzureTable(Service& service, std::string name) : service_(service), name_(std::move(name)) {}

  Result<Entity> get(const Context& ctx, const EntityKey& key) override;
  Result<TablePage> query(const Context& ctx, const TableQuery& query) override;
  Result<ETag> insert(const Context& ctx, const Entity& entity) override;
  Result<ETag> upsert(const Context& ctx, const Entity& entity, Write write) override;
  Result<ETag> update(const Context& ctx, const Entity& entity, Write write,
                      const UpdateIf& condition) override;
  Status remove(const Context& ctx, const EntityKey& key, const UpdateIf& condition) override;
  Result<BatchOutcome> batch(const Context& ctx, const std::vector<TableAction>& actions) override;

 private:
  Status create_table(const Context& ctx);
  Result<StoredEntity> get_stored(const Context& ctx, const EntityKey& key);
  // One action that writes; makes the table where `action` may create an entity.
  Result<Reply> send(const Context& ctx, const TableAction& action, const std::string& mark);
  Result<ETag> write(const Context& ctx, const TableAction& action);
  Result<ETag> settle(const Context& ctx, const EntityKey& key, const std::string& mark,
                      const Reply& reply);
  Result<BatchOutcome> send_batch(const Context& ctx, std::vector<TableAction> actions,
                                  const std::string& mark);
  Result<BatchOutcome> settle_batch(const Context& ctx, const std::vector<TableAction>& actions,
                                    std::size_t refused, const std::string& mark,
                                    const Reply& reply);

  Service& service_;
  const std::string name_;
};

}  // namespace cloudfolio::storage::azure

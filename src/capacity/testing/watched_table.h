#pragma once
// A table that calls `before` ahead of each operation: to let others run in between, or, by an
// error, to be dead from then on.

#include <functional>

#include "storage/table.h"

namespace cloudfolio::capacity::simulated {

class WatchedTable final : public storage::Table {
 public:
  WatchedTable(storage::Table& inner, std::function<Status()> before)
      : inner_(inner), before_(std::move(before)) {}

  Result<storage::Entity> get(const Context& ctx, const storage::EntityKey& key) override {
    CF_CHECK(before_());
    return inner_.get(ctx, key);
  }
  Result<storage::TablePage> query(const Context& ctx, const storage::TableQuery& query) override {
    CF_CHECK(before_());
    return inner_.query(ctx, query);
  }
  Result<storage::ETag> insert(const Context& ctx, const storage::Entity& entity) override {
    CF_CHECK(before_());
    return inner_.insert(ctx, entity);
  }
  Result<storage::ETag> upsert(const Context& ctx, const storage::Entity& entity,
                               storage::Write write) override {
    CF_CHECK(before_());
    return inner_.upsert(ctx, entity, write);
  }
  Result<storage::ETag> update(const Context& ctx, const storage::Entity& entity,
                               storage::Write write, const storage::UpdateIf& condition) override {
    CF_CHECK(before_());
    return inner_.update(ctx, entity, write, condition);
  }
  Status remove(const Context& ctx, const storage::EntityKey& key,
                const storage::UpdateIf& condition) override {
    CF_CHECK(before_());
    return inner_.remove(ctx, key, condition);
  }
  Result<storage::BatchOutcome> batch(const Context& ctx,
                                      const std::vector<storage::TableAction>& actions) override {
    CF_CHECK(before_());
    return inner_.batch(ctx, actions);
  }

 private:
  storage::Table& inner_;
  const std::function<Status()> before_;
};

}  // namespace cloudfolio::capacity::simulated

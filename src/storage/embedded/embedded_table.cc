#include "storage/embedded/embedded_table.h"

#include "crypto/encoding.h"
#include "sqlite/database.h"
#include "storage/conditions.h"
#include "storage/embedded/encoding.h"
#include "storage/embedded/entity_rows.h"
#include "storage/rules.h"

namespace cloudfolio::storage::embedded {

namespace {

// "<partition in hex>/<row in hex>" of the first entity that the page before left out.
std::string continuation_of(const EntityKey& key) {
  return crypto::to_hex(key.partition) + "/" + crypto::to_hex(key.row);
}

Result<EntityKey> key_from(const std::string& continuation) {
  const auto slash = continuation.find('/');
  if (slash != std::string::npos) {
    const auto partition = crypto::from_hex(continuation.substr(0, slash));
    const auto row = crypto::from_hex(continuation.substr(slash + 1));
    if (partition && row) return EntityKey{*partition, *row};
  }
  return Error(Code::invalid_argument, "the continuation is not one of ours");
}

}  // namespace

Result<Entity> EmbeddedTable::get(const Context& ctx, const EntityKey& key) {
  CF_CHECK(check_context(ctx, store_.clock.now()));
  CF_CHECK(check_entity_key(key));
  CF_TRY(auto entity, find_entity(*store_.readers->borrow(), place_, key));
  if (!entity) return Error(Code::not_found, "there is no such entity");
  return *std::move(entity);
}

Result<TablePage> EmbeddedTable::query(const Context& ctx, const TableQuery& query) {
  CF_CHECK(check_context(ctx, store_.clock.now()));
  CF_CHECK(check_query(query));
  EntityKey from{query.partition.value_or(""), query.row_from};
  if (!query.continuation.empty()) {
    CF_TRY(EntityKey next, key_from(query.continuation));
    from = std::max(from, next);
  }
  TablePage page;
  const auto list = query.partition ? list_rows : list_entities;
  CF_TRY(page.entities, list(*store_.readers->borrow(), place_, from, query.max_count + 1));
  while (!page.entities.empty() && !query.row_before.empty() &&
         page.entities.back().key.row >= query.row_before) {
    page.entities.pop_back();
  }
  if (page.entities.size() > query.max_count) {
    page.continuation = continuation_of(page.entities.back().key);
    page.entities.pop_back();
  }
  return page;
}

Result<ETag> EmbeddedTable::apply_action(sqlite::Database& db, const TableAction& action) {
  const EntityKey& key = key_of(action);
  std::optional<Entity> existing;
  if (looks_at_existing(action)) {
    CF_TRY(existing, find_entity(db, place_, key));
  }
  CF_TRY(const TableEffect effect, effect_of(action, existing ? &*existing : nullptr));
  switch (effect.kind) {
    case TableEffect::Kind::none:
      return ETag();
    case TableEffect::Kind::erase:
      CF_CHECK(delete_entity(db, place_, key));
      return ETag();
    case TableEffect::Kind::write:
      break;
  }
  const std::int64_t etag = store_.new_tag();
  CF_CHECK(write_entity(db, place_, key, etag, effect.values));
  return ETag(to_tag(etag));
}

Result<BatchOutcome> EmbeddedTable::batch(const Context& ctx,
                                          const std::vector<TableAction>& actions) {
  CF_CHECK(check_context(ctx, store_.clock.now()));
  CF_CHECK(check_batch(actions));
  std::vector<ETag> etags;
  auto applied = store_.writer->apply([&](sqlite::Database& db) -> Status {
    for (const TableAction& action : actions) {
      CF_TRY(ETag etag, apply_action(db, action));
      etags.push_back(std::move(etag));
    }
    return Done{};
  });
  if (applied) return BatchOutcome(std::move(etags));
  const Code code = applied.error().code();
  // Only an action that was looked at can be refused so; the work is undone as a whole.
  if ((code == Code::conflict || code == Code::not_found) && etags.size() < actions.size()) {
    return BatchOutcome(BatchRefusal{etags.size(), std::move(applied).error()});
  }
  return std::move(applied).error();
}

Result<ETag> EmbeddedTable::apply_one(const Context& ctx, TableAction action) {
  CF_TRY(BatchOutcome outcome, batch(ctx, {std::move(action)}));
  if (auto* refusal = std::get_if<BatchRefusal>(&outcome)) return std::move(refusal->error);
  return std::get<0>(outcome).front();
}

Result<ETag> EmbeddedTable::insert(const Context& ctx, const Entity& entity) {
  return apply_one(ctx, InsertAction{entity});
}

Result<ETag> EmbeddedTable::upsert(const Context& ctx, const Entity& entity, Write write) {
  return apply_one(ctx, UpsertAction{entity, write});
}

Result<ETag> EmbeddedTable::update(const Context& ctx, const Entity& entity, Write write,
                                   const UpdateIf& condition) {
  return apply_one(ctx, UpdateAction{entity, write, condition});
}

Status EmbeddedTable::remove(const Context& ctx, const EntityKey& key, const UpdateIf& condition) {
  CF_CHECK(apply_one(ctx, RemoveAction{key, condition}));
  return Done{};
}

}  // namespace cloudfolio::storage::embedded

#include "storage/memory/memory_table.h"

#include <charconv>

#include "crypto/encoding.h"
#include "storage/conditions.h"
#include "storage/rules.h"

namespace cloudfolio::storage {

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

Result<Entity> MemoryTable::get(const Context& ctx, const EntityKey& key) {
  CF_CHECK(check_context(ctx, clock_.now()));
  CF_CHECK(check_entity_key(key));
  auto state = state_.lock();
  const auto found = state->entities.find(key);
  if (found == state->entities.end()) return Error(Code::not_found, "there is no such entity");
  return found->second;
}

Result<TablePage> MemoryTable::query(const Context& ctx, const TableQuery& query) {
  CF_CHECK(check_context(ctx, clock_.now()));
  CF_CHECK(check_query(query));
  EntityKey from{query.partition.value_or(""), query.row_from};
  if (!query.continuation.empty()) {
    CF_TRY(EntityKey next, key_from(query.continuation));
    from = std::max(from, next);
  }
  TablePage page;
  auto state = state_.lock();
  for (auto at = state->entities.lower_bound(from); at != state->entities.end(); ++at) {
    const EntityKey& key = at->first;
    if (query.partition && key.partition != *query.partition) break;
    if (!query.row_before.empty() && key.row >= query.row_before) break;
    if (page.entities.size() == query.max_count) {
      page.continuation = continuation_of(key);
      break;
    }
    page.entities.push_back(at->second);
  }
  return page;
}

Result<BatchOutcome> MemoryTable::batch(const Context& ctx,
                                        const std::vector<TableAction>& actions) {
  CF_CHECK(check_context(ctx, clock_.now()));
  CF_CHECK(check_batch(actions));
  auto state = state_.lock();
  std::vector<TableEffect> effects;
  for (const TableAction& action : actions) {
    const auto found = state->entities.find(key_of(action));
    auto effect = effect_of(action, found == state->entities.end() ? nullptr : &found->second);
    if (!effect) return BatchOutcome(BatchRefusal{effects.size(), std::move(effect).error()});
    effects.push_back(*std::move(effect));
  }
  std::vector<ETag> etags;
  for (std::size_t i = 0; i < actions.size(); ++i) {
    const EntityKey& key = key_of(actions[i]);
    etags.emplace_back();
    if (effects[i].kind == TableEffect::Kind::erase) state->entities.erase(key);
    if (effects[i].kind != TableEffect::Kind::write) continue;
    etags.back() = ETag("W/" + std::to_string(++state->last_etag));
    state->entities.insert_or_assign(key, Entity{key, std::move(effects[i].values), etags.back()});
  }
  return BatchOutcome(std::move(etags));
}

Result<ETag> MemoryTable::apply_one(const Context& ctx, TableAction action) {
  CF_TRY(BatchOutcome outcome, batch(ctx, {std::move(action)}));
  if (auto* refusal = std::get_if<BatchRefusal>(&outcome)) return std::move(refusal->error);
  return std::get<0>(outcome).front();
}

Result<ETag> MemoryTable::insert(const Context& ctx, const Entity& entity) {
  return apply_one(ctx, InsertAction{entity});
}

Result<ETag> MemoryTable::upsert(const Context& ctx, const Entity& entity, Write write) {
  return apply_one(ctx, UpsertAction{entity, write});
}

Result<ETag> MemoryTable::update(const Context& ctx, const Entity& entity, Write write,
                                 const UpdateIf& condition) {
  return apply_one(ctx, UpdateAction{entity, write, condition});
}

Status MemoryTable::remove(const Context& ctx, const EntityKey& key, const UpdateIf& condition) {
  CF_CHECK(apply_one(ctx, RemoveAction{key, condition}));
  return Done{};
}

}  // namespace cloudfolio::storage

#include "storage/azure/azure_table.h"

#include "crypto/random_bytes.h"
#include "json/json.h"
#include "storage/azure/table_batch.h"
#include "storage/azure/table_requests.h"
#include "storage/rules.h"

namespace cloudfolio::storage::azure {
namespace {

constexpr std::string_view kNoTable = "TableNotFound";

bool is_refusal(const Reply& reply) {
  return reply.status() == 409 || reply.status() == 412 || reply.status() == 404;
}

Error unknown_outcome(const Reply& reply) {
  return Error(Code::unavailable, "an attempt was not answered and the next one was refused (" +
                                      reply.code + "): whether the first took effect is not known");
}

bool may_create(const TableAction& action) {
  return std::holds_alternative<InsertAction>(action) ||
         std::holds_alternative<UpsertAction>(action);
}

// Upserts alone are repeatable as they are; what has a condition needs a mark to be told from its
// own earlier attempt.
bool has_condition(const TableAction& action) {
  if (const auto* update = std::get_if<UpdateAction>(&action))
    return std::holds_alternative<Matches>(update->condition);
  return std::holds_alternative<InsertAction>(action);
}

bool removes_anything(const TableAction& action) {
  const auto* removal = std::get_if<RemoveAction>(&action);
  return removal && std::holds_alternative<Anything>(removal->condition);
}

Error refusal_error(const TableAction& action, const Reply& reply) {
  if (std::holds_alternative<RemoveAction>(action) && reply.status() == 404)
    return Error(Code::conflict, "the entity is gone since it was read");
  return error_of(reply);
}

}  // namespace

Status AzureTable::create_table(const Context& ctx) {
  CF_TRY(const Reply reply, service_.send(ctx, create_request(name_)));
  if (reply.code == "TableAlreadyExists") return Done{};
  if (reply.code == "TableBeingDeleted")
    return Error(Code::unavailable, "the table is being deleted");
  return check_reply(reply);
}

Result<StoredEntity> AzureTable::get_stored(const Context& ctx, const EntityKey& key) {
  WireRequest request;
  request.path = entity_path(name_, key);
  add_table_headers(request);
  CF_TRY(const Reply reply, service_.send(ctx, request));
  CF_CHECK(check_reply(reply));
  auto object = json::parse_object(reply.response.body.view());
  if (!object) return Error(Code::corrupt, "the table service's answer is no entity");
  CF_TRY(StoredEntity stored, entity_from(*object));
  if (const std::string etag = reply.header("ETag"); !etag.empty()) stored.entity.etag = ETag(etag);
  return stored;
}

Result<Entity> AzureTable::get(const Context& ctx, const EntityKey& key) {
  CF_CHECK(check_context(ctx, service_.clock().now()));
  CF_CHECK(check_entity_key(key));
  CF_TRY(StoredEntity stored, get_stored(ctx, key));
  return std::move(stored.entity);
}

Result<TablePage> AzureTable::query(const Context& ctx, const TableQuery& query) {
  CF_CHECK(check_context(ctx, service_.clock().now()));
  CF_CHECK(check_query(query));
  CF_TRY(const Reply reply, service_.send(ctx, query_request(name_, query)));
  if (reply.code == kNoTable) return TablePage{};
  CF_CHECK(check_reply(reply));
  CF_TRY(auto entities, entities_from(reply.response.body.view()));
  TablePage page;
  for (StoredEntity& stored : entities) page.entities.push_back(std::move(stored.entity));
  page.continuation = continuation_of(reply);
  return page;
}

Result<Reply> AzureTable::send(const Context& ctx, const TableAction& action,
                               const std::string& mark) {
  const WireRequest request = action_request(name_, action, mark);
  CF_TRY(Reply reply, service_.send(ctx, request));
  if (reply.code != kNoTable || !may_create(action)) return reply;
  CF_CHECK(create_table(ctx));
  return service_.send(ctx, request);
}

// Whether a write that was refused was refused because it had been done already.
Result<ETag> AzureTable::settle(const Context& ctx, const EntityKey& key, const std::string& mark,
                                const Reply& reply) {
  if (mark.empty() || !is_refusal(reply)) return error_of(reply);
  auto now = get_stored(ctx, key);
  if (now && now->mark == mark) return std::move(now->entity.etag);
  if (!now && now.error().code() != Code::not_found) return std::move(now).error();
  if (reply.in_doubt) return unknown_outcome(reply);
  return error_of(reply);
}

Result<ETag> AzureTable::write(const Context& ctx, const TableAction& action) {
  const std::string mark = has_condition(action) ? crypto::random_uuid() : std::string();
  CF_TRY(const Reply reply, send(ctx, action, mark));
  if (!reply.ok()) return settle(ctx, key_of(action), mark, reply);
  const std::string etag = reply.header("ETag");
  if (etag.empty()) return Error(Code::corrupt, "the table service answered a write without ETag");
  return ETag(etag);
}

Result<ETag> AzureTable::insert(const Context& ctx, const Entity& entity) {
  CF_CHECK(check_context(ctx, service_.clock().now()));
  CF_CHECK(check_entity(entity));
  return write(ctx, InsertAction{entity});
}

Result<ETag> AzureTable::upsert(const Context& ctx, const Entity& entity, Write write_kind) {
  CF_CHECK(check_context(ctx, service_.clock().now()));
  CF_CHECK(check_entity(entity));
  return write(ctx, UpsertAction{entity, write_kind});
}

Result<ETag> AzureTable::update(const Context& ctx, const Entity& entity, Write write_kind,
                                const UpdateIf& condition) {
  CF_CHECK(check_context(ctx, service_.clock().now()));
  CF_CHECK(check_entity(entity));
  return write(ctx, UpdateAction{entity, write_kind, condition});
}

Status AzureTable::remove(const Context& ctx, const EntityKey& key, const UpdateIf& condition) {
  CF_CHECK(check_context(ctx, service_.clock().now()));
  CF_CHECK(check_entity_key(key));
  const TableAction action = RemoveAction{key, condition};
  CF_TRY(const Reply reply, send(ctx, action, ""));
  if (reply.ok()) return Done{};
  if (reply.status() == 404 && (removes_anything(action) || reply.in_doubt)) return Done{};
  if (reply.status() == 412 && reply.in_doubt) return unknown_outcome(reply);
  return refusal_error(action, reply);
}

Result<BatchOutcome> AzureTable::batch(const Context& ctx,
                                       const std::vector<TableAction>& actions) {
  CF_CHECK(check_context(ctx, service_.clock().now()));
  CF_CHECK(check_batch(actions));
  return send_batch(ctx, actions, crypto::random_uuid());
}

Result<BatchOutcome> AzureTable::send_batch(const Context& ctx, std::vector<TableAction> actions,
                                            const std::string& mark) {
  // Where each action stands in what the caller asked.
  std::vector<std::size_t> positions(actions.size());
  for (std::size_t i = 0; i < positions.size(); ++i) positions[i] = i;
  std::vector<ETag> etags(actions.size());
  const std::vector<TableAction> all = actions;
  bool made = false;
  while (!actions.empty()) {
    std::vector<WireRequest> parts;
    for (const TableAction& action : actions) parts.push_back(action_request(name_, action, mark));
    CF_TRY(const Reply reply, service_.send(ctx, batch_request(service_.url(), parts)));
    CF_CHECK(check_reply(reply));
    CF_TRY(BatchReply outcome, batch_reply_from(reply.response.body.view(), actions.size()));
    if (const auto* written = std::get_if<std::vector<ETag>>(&outcome)) {
      for (std::size_t i = 0; i < written->size(); ++i) etags[positions[i]] = (*written)[i];
      return BatchOutcome(std::move(etags));
    }
    RefusedPart& refused = std::get<RefusedPart>(outcome);
    refused.reply.in_doubt = reply.in_doubt;
    const auto at = static_cast<std::ptrdiff_t>(refused.index);
    if (refused.reply.code == kNoTable && !made) {
      made = true;
      CF_CHECK(create_table(ctx));
    } else if (refused.reply.status() == 404 && removes_anything(actions[refused.index])) {
      // There is nothing to remove, which is what was asked for: the rest without it.
      actions.erase(actions.begin() + at);
      positions.erase(positions.begin() + at);
    } else {
      return settle_batch(ctx, all, positions[refused.index], mark, refused.reply);
    }
  }
  return BatchOutcome(std::move(etags));
}

Result<BatchOutcome> AzureTable::settle_batch(const Context& ctx,
                                              const std::vector<TableAction>& actions,
                                              std::size_t refused, const std::string& mark,
                                              const Reply& reply) {
  std::vector<ETag> etags(actions.size());
  bool happened = false;
  for (std::size_t i = 0; i < actions.size(); ++i) {
    if (std::holds_alternative<RemoveAction>(actions[i])) continue;
    // A refusal that nothing stands behind is the usual case, and one look finds it.
    if (!happened && i != refused && !reply.in_doubt) continue;
    auto now = get_stored(ctx, key_of(actions[i]));
    if (!now && now.error().code() != Code::not_found) return std::move(now).error();
    if (now && now->mark == mark) {
      happened = true;
      etags[i] = std::move(now->entity.etag);
    }
  }
  if (happened) return BatchOutcome(std::move(etags));
  if (reply.in_doubt) return unknown_outcome(reply);
  return BatchOutcome(BatchRefusal{refused, refusal_error(actions[refused], reply)});
}

}  // namespace cloudfolio::storage::azure

#include "durable/queued/activity_claims.h"

#include <cstdio>

namespace cloudfolio::durable {
namespace {

constexpr char kMessage[] = "message";
constexpr char kUntil[] = "until";
constexpr char kEpoch[] = "epoch";
constexpr char kStarts[] = "starts";
constexpr char kTenant[] = "username";
constexpr std::string_view kCancelledRow = "cancelled";  // Beside rows of digits.

storage::EntityKey key_of(const ResultMessage& task) {
  char row[16];
  std::snprintf(row, sizeof row, "%010d", task.task);
  return {.partition = task.execution, .row = row};
}

std::int64_t number(const storage::Entity& entity, const char* name) {
  const auto found = entity.values.find(name);
  if (found == entity.values.end()) return 0;
  const auto* value = std::get_if<std::int64_t>(&found->second);
  return value ? *value : 0;
}

std::string text(const storage::Entity& entity, const char* name) {
  const auto found = entity.values.find(name);
  if (found == entity.values.end()) return {};
  const auto* value = std::get_if<std::string>(&found->second);
  return value ? *value : std::string();
}

Clock::WallTime until_of(const storage::Entity& entity) {
  const auto found = entity.values.find(kUntil);
  if (found == entity.values.end()) return {};
  const auto* value = std::get_if<Clock::WallTime>(&found->second);
  return value ? *value : Clock::WallTime{};
}

storage::Entity entity_of(const Claim& claim, Clock::WallTime until) {
  storage::Entity entity;
  entity.key = key_of(claim.task);
  entity.values[kMessage] = claim.message.str();
  entity.values[kUntil] = until;
  entity.values[kEpoch] = static_cast<std::int64_t>(claim.epoch);
  entity.values[kStarts] = claim.starts_count;
  entity.values[kTenant] = claim.task.tenant;
  return entity;
}

}  // namespace

Result<ClaimAnswer> ActivityClaims::take(const Context& ctx, const ResultMessage& task,
                                         const storage::MessageId& message,
                                         std::chrono::seconds length) {
  CF_TRY(const bool cancelled, is_cancelled(ctx, task.execution));
  if (cancelled) return ClaimAnswer(TaskCancelled{});
  const auto now = clock_.wall_time();
  Claim claim{.task = task, .message = message, .epoch = 1, .starts_count = 1, .etag = {}};
  const auto found = table_.get(ctx, key_of(task));
  if (!found && found.error().code() != Code::not_found) return found.error();
  if (!found) {
    auto inserted = table_.insert(ctx, entity_of(claim, now + length));
    if (!inserted && inserted.error().code() == Code::conflict)
      return ClaimAnswer(ClaimedElsewhere{});
    if (!inserted) return inserted.error();
    claim.etag = *inserted;
    return ClaimAnswer(std::move(claim));
  }
  const bool mine = text(*found, kMessage) == message.str();
  if (until_of(*found) > now && !mine) return ClaimAnswer(ClaimedElsewhere{});
  claim.epoch = static_cast<std::uint64_t>(number(*found, kEpoch)) + 1;
  claim.starts_count = number(*found, kStarts) + 1;
  auto updated = table_.update(ctx, entity_of(claim, now + length), storage::Write::replace,
                               storage::Matches{found->etag});
  if (!updated &&
      (updated.error().code() == Code::conflict || updated.error().code() == Code::not_found)) {
    return ClaimAnswer(ClaimedElsewhere{});
  }
  if (!updated) return updated.error();
  claim.etag = *updated;
  return ClaimAnswer(std::move(claim));
}

Status ActivityClaims::renew(const Context& ctx, Claim& claim, std::chrono::seconds length) {
  auto updated = table_.update(ctx, entity_of(claim, clock_.wall_time() + length),
                               storage::Write::replace, storage::Matches{claim.etag});
  if (!updated && updated.error().code() == Code::not_found)
    return Error(Code::conflict, "nobody waits for this task any more");
  if (!updated) return updated.error();
  claim.etag = *updated;
  return Done{};
}

Status ActivityClaims::let_go(const Context& ctx, const Claim& claim) {
  Claim before = claim;
  before.starts_count -= 1;
  const auto updated = table_.update(ctx, entity_of(before, clock_.wall_time()),
                                     storage::Write::replace, storage::Matches{claim.etag});
  if (!updated && updated.error().code() == Code::not_found) return Done{};
  if (!updated) return updated.error();
  return Done{};
}

Status ActivityClaims::cancel(const Context& ctx, const std::string& execution,
                              const std::string& tenant) {
  storage::Entity mark;
  mark.key = {.partition = execution, .row = std::string(kCancelledRow)};
  mark.values[kUntil] = clock_.wall_time();
  mark.values[kTenant] = tenant;
  CF_CHECK(table_.upsert(ctx, mark, storage::Write::replace));
  storage::TableQuery query;
  query.partition = execution;
  do {
    CF_TRY(const auto page, table_.query(ctx, query));
    for (const storage::Entity& entity : page.entities) {
      if (entity.key.row != kCancelledRow)
        CF_CHECK(table_.remove(ctx, entity.key, storage::Anything{}));
    }
    query.continuation = page.continuation;
  } while (!query.continuation.empty());
  return Done{};
}

Result<bool> ActivityClaims::is_cancelled(const Context& ctx, const std::string& execution) {
  const auto mark = table_.get(ctx, {.partition = execution, .row = std::string(kCancelledRow)});
  if (mark) return true;
  if (mark.error().code() == Code::not_found) return false;
  return mark.error();
}

Result<std::string> ActivityClaims::sweep(const Context& ctx, const std::string& continuation) {
  storage::TableQuery query;
  query.continuation = continuation;
  CF_TRY(const auto page, table_.query(ctx, query));
  const auto oldest = clock_.wall_time() - kClaimKeptFor;
  for (const storage::Entity& entity : page.entities) {
    if (until_of(entity) >= oldest) continue;
    const Status removed = table_.remove(ctx, entity.key, storage::Matches{entity.etag});
    if (!removed && removed.error().code() != Code::conflict) return removed.error();
  }
  return page.continuation;
}

}  // namespace cloudfolio::durable

#include "roles/tenant_erasure.h"

#include "base/time_text.h"
#include "cache/cache.h"
#include "cache/rights.h"
#include "cache/tenant_places.h"
#include "costs/ledger.h"
#include "costs/tenant_lines.h"
#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "durable/queued/activity_claims.h"
#include "durable/queued/activity_results.h"
#include "durable/queued/client_message.h"
#include "durable/queued/queue_dispatcher.h"
#include "flags/flag_store.h"
#include "flags/rows.h"
#include "json/json.h"
#include "roles/progress_board.h"
#include "roles/remote_work.h"
#include "roles/run_log.h"
#include "storage/rules.h"
#include "tenancy/login.h"
#include "tenancy/request_keys.h"
#include "tenancy/table_rows.h"
#include "tenancy/tenant_settings.h"

namespace cloudfolio::roles {
namespace {

using tenancy::TenantRecord;
using tenancy::TenantState;

constexpr int kRoundsMax = 10;
constexpr int kMarkAttemptsMax = 20;
constexpr std::size_t kInstancesPageCount = 500;
// Long enough to look at a queue's messages, short enough for those that wait for them.
constexpr std::chrono::seconds kLookVisibility{30};
constexpr std::size_t kMessagesMax = 100'000;

json::Object as_json(const Findings& found) {
  return {{"blobs", found.blobs},
          {"blob_bytes", found.blob_bytes},
          {"rows", found.rows},
          {"messages", found.messages},
          {"instances", found.instances}};
}

json::Object receipt_from(const std::string& text) {
  auto object = json::parse_object(text);
  return object ? *std::move(object) : json::Object();
}

}  // namespace

const Places& all_places() {
  static const Places kPlaces{
      {cache::kContainer, std::string(durable::kActivityResultContainer),
       std::string(durable::kReplyContainer), kTrainingLogContainer},
      {tenancy::kUsageTable, tenancy::kQuotasTable, cache::kRightsTable, kProgressTable,
       tenancy::kRequestKeysTable, tenancy::kSettingsTable},
      {std::string(durable::kClaimTable)},
      {"model-training-queue", "model-training-queue-poison", "sync-queue", "sync-queue-poison",
       durable::kActivityResultQueue, kTrainingEvents, durable::kRequestQueue}};
  return kPlaces;
}

bool is_instance_of(const TenantId& tenant, const durable::OrchestrationState& state) {
  if (const auto tag = state.tags.find("tenant"); tag != state.tags.end())
    if (tag->second == tenant.str()) return true;
  const std::string& id = state.instance.str();
  const std::size_t colon = id.find(':');
  if (colon == std::string::npos) return false;
  const std::size_t end = id.find(':', colon + 1);
  const std::size_t length = end == std::string::npos ? end : end - colon - 1;
  return std::string_view(id).substr(colon + 1, length) == tenant.str();
}

bool is_message_of(const TenantId& tenant, std::string_view body) {
  auto message = json::parse_object(body);
  if (!message) {  // As triggers of Azure Functions write them.
    const auto decoded = crypto::from_base64(body);
    if (decoded) message = json::parse_object(*decoded);
  }
  if (!message) return false;
  for (const char* name : {"login", "username", "tenant"}) {
    const auto value = json::find_string(*message, name);
    if (!value) continue;
    const auto named = tenancy::tenant_from_login(*value);
    if (*value == tenant.str() || (named && *named == tenant)) return true;
  }
  return false;
}

Result<json::Object> TenantErasure::mark(const Context& ctx, const TenantId& tenant) {
  for (int attempt = 0; attempt < kMarkAttemptsMax; ++attempt) {
    CF_TRY(TenantRecord record, parts_.desk.directory().find(ctx, tenant));
    if (record.state == TenantState::deleted || record.state == TenantState::deleting)
      return receipt_from(record.receipt);
    json::Object receipt{{"subject", crypto::sha256_hex(tenant.str())},
                         {"started_at", to_text(parts_.clock.wall_time())}};
    record.state = TenantState::deleting;
    ++record.epoch;
    record.receipt = json::write(json::Value(receipt));
    const Status written = parts_.desk.directory().write(ctx, tenant, record);
    if (written) return receipt;
    if (written.error().code() != Code::conflict) return written.error();
  }
  return Error(Code::conflict, "'" + tenant.str() + "' is changed all the time; try again");
}

Status TenantErasure::save(const Context& ctx, const TenantId& tenant, const json::Object& receipt,
                           TenantState state) {
  CF_TRY(TenantRecord record, parts_.desk.directory().find(ctx, tenant));
  if (state == TenantState::deleted && !record.owner.empty()) {
    CF_CHECK(parts_.desk.directory().forget_owner(ctx, record.owner));
    record.owner.clear();
  }
  record.state = state;
  record.receipt = json::write(json::Value(receipt));
  return parts_.desk.directory().write(ctx, tenant, record);
}

Result<std::vector<InstanceId>> TenantErasure::instances_of(const Context& ctx,
                                                            const TenantId& tenant) {
  std::vector<InstanceId> found;
  std::string from;
  do {
    CF_TRY(const durable::QueryPage page,
           parts_.instances.query(ctx, {}, kInstancesPageCount, from));
    for (const durable::OrchestrationState& state : page.instances)
      if (is_instance_of(tenant, state)) found.push_back(state.instance);
    from = page.next;
  } while (!from.empty());
  return found;
}

Status TenantErasure::end_instances(const Context& ctx, const TenantId& tenant) {
  CF_TRY(const auto instances, instances_of(ctx, tenant));
  for (const InstanceId& instance : instances) {
    const Status ended = parts_.instances.terminate(ctx, instance, R"("the tenant is deleted")");
    if (!ended && ended.error().code() != Code::not_found) return ended.error();
  }
  for (const InstanceId& instance : instances) CF_CHECK(parts_.instances.purge(ctx, instance));
  return Done{};
}

Status TenantErasure::visit_blobs(const Context& ctx, const TenantId& tenant, Then then,
                                  Findings& found) {
  std::string lines;
  for (const std::string& container : all_places().containers) {
    CF_TRY(storage::BlobStore* const blobs, parts_.storage.blobs(container));
    storage::ListOptions options;
    do {
      CF_TRY(const storage::BlobPage page, blobs->list(ctx, options));
      for (const storage::BlobEntry& entry : page.entries) {
        if (!cache::belongs_to(tenant, entry)) continue;
        ++found.blobs;
        found.blob_bytes += entry.properties.size_bytes;
        lines += crypto::sha256_hex(entry.key.str()) + " " +
                 std::to_string(entry.properties.size_bytes) + " " + entry.properties.etag.str() +
                 "\n";
        if (then == Then::leave) continue;
        CF_CHECK(blobs->remove(ctx, entry.key, {}));
        if (parts_.on_removed) parts_.on_removed(entry.key.str());
      }
      options.continuation = page.continuation;
    } while (!options.continuation.empty());
  }
  found.digest = crypto::sha256_hex(lines);
  return Done{};
}

Status TenantErasure::visit_rows(const Context& ctx, const TenantId& tenant, Then then,
                                 Findings& found) {
  const std::string partition = storage::to_table_key(tenant.str());
  for (const std::string& name : all_places().tables) {
    CF_TRY(storage::Table* const table, parts_.storage.table(name));
    CF_CHECK(
        tenancy::for_each_row(ctx, *table, partition, "", [&](const storage::Entity&) -> Status {
          ++found.rows;
          return Done{};
        }));
    if (then == Then::remove) CF_CHECK(tenancy::erase_partition(ctx, *table, partition));
  }
  CF_TRY(storage::Table* const costs, parts_.storage.table(costs::kCostsTable));
  CF_TRY(const std::uint64_t cost_lines_count, costs::count_lines_of(ctx, *costs, tenant));
  found.rows += cost_lines_count;
  if (then == Then::remove) CF_CHECK(costs::release_lines_of(ctx, *costs, tenant));
  CF_TRY(storage::Table* const flag_rows, parts_.storage.table(flags::kFlagsTable));
  flags::FlagStore flags(*flag_rows, parts_.clock);
  CF_TRY(const std::uint64_t flag_rows_count, flags.count_rows_of(ctx, tenant));
  found.rows += flag_rows_count;
  if (then == Then::remove) CF_CHECK(flags.forget(ctx, tenant));
  for (const std::string& name : all_places().tables_by_value) {
    CF_TRY(storage::Table* const table, parts_.storage.table(name));
    storage::TableQuery query;
    do {
      CF_TRY(const storage::TablePage page, table->query(ctx, query));
      for (const storage::Entity& row : page.entities) {
        if (tenancy::text_of(row, "username") != tenant.str()) continue;
        ++found.rows;
        if (then == Then::remove) CF_CHECK(table->remove(ctx, row.key, storage::Anything{}));
      }
      query.continuation = page.continuation;
    } while (!query.continuation.empty());
  }
  return Done{};
}

Status TenantErasure::visit_messages(const Context& ctx, const TenantId& tenant, Then then,
                                     Findings& found) {
  for (const std::string& name : all_places().queues) {
    CF_TRY(storage::Queue* const queue, parts_.storage.queue(name));
    std::vector<storage::ReceivedMessage> seen;
    while (seen.size() < kMessagesMax) {
      CF_TRY(auto batch, queue->receive(ctx, {storage::kReceiveCountMax, kLookVisibility}));
      if (batch.empty()) break;
      for (storage::ReceivedMessage& message : batch) seen.push_back(std::move(message));
    }
    for (const storage::ReceivedMessage& one : seen) {
      const bool own = is_message_of(tenant, one.message.body);
      found.messages += own ? 1 : 0;
      const Status done = own && then == Then::remove
                              ? queue->remove(ctx, one.message.id, one.receipt)
                              : [&]() -> Status {
        CF_CHECK(queue->renew(ctx, one.message.id, one.receipt,
                              {.visibility = std::chrono::seconds(0)}));
        return Done{};
      }();
      // Somebody else has it by now: it is looked at again in the next round.
      if (!done && done.error().code() != Code::conflict && done.error().code() != Code::not_found)
        return done;
    }
  }
  return Done{};
}

Result<Findings> TenantErasure::visit(const Context& ctx, const TenantId& tenant, Then then) {
  Findings found;
  CF_TRY(const auto instances, instances_of(ctx, tenant));
  found.instances = instances.size();
  if (then == Then::remove) CF_CHECK(end_instances(ctx, tenant));
  CF_CHECK(visit_blobs(ctx, tenant, then, found));
  CF_CHECK(visit_rows(ctx, tenant, then, found));
  CF_CHECK(visit_messages(ctx, tenant, then, found));
  return found;
}

Result<Findings> TenantErasure::scan(const Context& ctx, const TenantId& tenant) {
  return visit(ctx, tenant, Then::leave);
}

Result<std::string> TenantErasure::run(const Context& ctx, const TenantId& tenant) {
  CF_TRY(json::Object receipt, mark(ctx, tenant));
  if (receipt.contains("proof")) {
    // Of an earlier call, which may have ended before its last step.
    CF_CHECK(parts_.storage.maintain(ctx));
    return json::write(json::Value(std::move(receipt)));
  }
  if (!receipt.contains("removed")) {
    // Nothing is removed before what there was is known to the receipt, and it is counted once.
    CF_TRY(const Findings stock, scan(ctx, tenant));
    receipt["removed"] = as_json(stock);
    receipt["inventory"] = stock.digest;
    CF_CHECK(save(ctx, tenant, receipt, TenantState::deleting));
  }
  Findings left;
  for (int round = 0; round < kRoundsMax; ++round) {
    CF_CHECK(visit(ctx, tenant, Then::remove));
    CF_TRY(left, scan(ctx, tenant));
    if (left.nothing()) break;
  }
  if (!left.nothing())
    return Error(
        Code::conflict,
        "'" + tenant.str() + "' is still being written; stop what writes it, then call again");
  receipt["left"] = as_json(left);
  receipt["finished_at"] = to_text(parts_.clock.wall_time());
  receipt["proof"] = crypto::sha256_hex(json::write(json::Value(receipt)));
  CF_CHECK(save(ctx, tenant, receipt, TenantState::deleted));
  // What was removed is not gone from a store's files while its log holds it.
  CF_CHECK(parts_.storage.maintain(ctx));
  parts_.log.info(Context(), "tenant.deleted",
                  {{"subject", crypto::sha256_hex(tenant.str())},
                   {"proof", receipt["proof"].as_string().c_str()}});
  return json::write(json::Value(std::move(receipt)));
}

}  // namespace cloudfolio::roles

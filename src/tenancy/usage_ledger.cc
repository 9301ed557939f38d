#include "tenancy/usage_ledger.h"

#include <algorithm>
#include <set>

#include "crypto/hash.h"
#include "storage/rules.h"
#include "tenancy/table_rows.h"
#include "tenancy/usage_sum.h"

namespace cloudfolio::tenancy {

namespace {

using storage::Entity;
using storage::EntityKey;

// Each attempt loses only to another event of the same tenant and meter.
constexpr int kCountAttemptsMax = 200;
// An event and its sum, and what a batch may hold.
constexpr std::size_t kPruneCount = 90;

std::string partition_of(const TenantId& tenant) {
  return storage::to_table_key(tenant.str());
}
std::string sum_row(Meter meter) {
  return "s-" + std::string(to_string(meter));
}
std::string events_prefix(Meter meter) {
  return "e-" + std::string(to_string(meter)) + "-";
}
std::string event_row(Meter meter, std::string_view operation) {
  return events_prefix(meter) + storage::to_table_key(operation);
}
constexpr char kEntriesPrefix[] = "b-";
std::string entry_row(std::string_view key) {
  constexpr std::size_t kHexDigits = 40;
  return kEntriesPrefix + crypto::sha256_hex(key).substr(0, kHexDigits);
}

Entity entry_entity(const TenantId& tenant, std::string_view key, StorageClass storage_class,
                    std::int64_t size_bytes) {
  return {{partition_of(tenant), entry_row(key)},
          {{"bytes", size_bytes}, {"class", std::string(to_string(storage_class))}}};
}

StorageClass class_of(const Entity& entity) {
  const std::string name = text_of(entity, "class");
  for (const StorageClass one : kStorageClasses)
    if (to_string(one) == name) return one;
  return StorageClass::content;
}

storage::TableAction sum_action(const EntityKey& key, const std::optional<Entity>& old,
                                const UsageSum& sum) {
  Entity entity{key, sum.values()};
  if (!old) return storage::InsertAction{std::move(entity)};
  return storage::UpdateAction{std::move(entity), storage::Write::replace,
                               storage::Matches{old->etag}};
}

Clock::WallTime time_of(const Entity& entity) {
  const auto found = entity.values.find("at");
  if (found == entity.values.end()) return {};
  const auto* time = std::get_if<Clock::WallTime>(&found->second);
  return time == nullptr ? Clock::WallTime() : *time;
}

}  // namespace

std::optional<Clock::WallTime> MeterUse::fits_at(std::int64_t amount, std::int64_t limit) const {
  if (limit <= 0 || amount > limit || used + amount <= limit) return std::nullopt;
  std::int64_t left = used;
  for (const auto& [at, freed] : frees) {
    left -= freed;
    if (left + amount <= limit) return at;
  }
  return std::nullopt;
}

Result<Counted> UsageLedger::count(const Context& ctx, const TenantId& tenant, Meter meter,
                                   std::string_view operation, std::int64_t amount) {
  if (operation.empty() || operation.size() > kOperationBytesMax)
    return Error(Code::invalid_argument, "an operation's id has 1 to 120 bytes");
  if (amount < 0) return Error(Code::invalid_argument, "usage is never below 0");
  if (meter == Meter::storage_bytes)
    return Error(Code::invalid_argument, "stored bytes are counted by entry");
  const EntityKey sum_key{partition_of(tenant), sum_row(meter)};
  const Clock::WallTime now = clock_.wall_time();
  const Entity event{{sum_key.partition, event_row(meter, operation)},
                     {{"amount", amount}, {"at", now}}};
  for (int attempt = 0; attempt < kCountAttemptsMax; ++attempt) {
    CF_TRY(const auto old, find_row(ctx, table_, sum_key));
    UsageSum sum = old ? UsageSum::from(*old) : UsageSum();
    sum.add(meter, now, amount);
    CF_TRY(const storage::BatchOutcome outcome,
           table_.batch(ctx, {storage::InsertAction{event}, sum_action(sum_key, old, sum)}));
    const auto* refusal = std::get_if<storage::BatchRefusal>(&outcome);
    if (refusal == nullptr) return Counted::now;
    const Code code = refusal->error.code();
    if (refusal->index == 0 && code == Code::conflict) return Counted::before;
    if (code != Code::conflict && code != Code::not_found) return refusal->error;
  }
  return Error(Code::unavailable, "too many events of '" + tenant.str() + "' at once");
}

Result<bool> UsageLedger::was_counted(const Context& ctx, const TenantId& tenant, Meter meter,
                                      std::string_view operation) const {
  CF_TRY(const auto row,
         find_row(ctx, table_, {partition_of(tenant), event_row(meter, operation)}));
  return row.has_value();
}

Result<MeterUse> UsageLedger::used(const Context& ctx, const TenantId& tenant, Meter meter) const {
  MeterUse use;
  if (meter == Meter::storage_bytes) {
    CF_TRY(const StorageUse bytes, stored(ctx, tenant));
    for (const auto& [storage_class, amount] : bytes) use.total += amount;
    use.used = bytes.at(StorageClass::content);
    return use;
  }
  CF_TRY(const auto row, find_row(ctx, table_, {partition_of(tenant), sum_row(meter)}));
  if (!row) return use;
  const UsageSum sum = UsageSum::from(*row);
  use.total = sum.total;
  const Clock::WallTime now = clock_.wall_time();
  for (const auto& [part, amount] : sum.parts) {
    const Clock::WallTime frees_at = part_frees_at(meter, part);
    if (frees_at <= now) continue;
    // Counted by a clock that was far ahead and was set right: it would hold the tenant back for as
    // long as it had jumped. Clocks that differ by less than a window are believed.
    if (frees_at > now + 2 * window_of(meter)) continue;
    use.used += amount;
    use.frees.emplace_back(frees_at, amount);
  }
  return use;
}

Result<StorageUse> UsageLedger::stored(const Context& ctx, const TenantId& tenant) const {
  StorageUse use;
  for (const StorageClass one : kStorageClasses) use[one] = 0;
  CF_CHECK(for_each_row(ctx, table_, partition_of(tenant), kEntriesPrefix,
                        [&](const Entity& entity) -> Status {
                          use[class_of(entity)] += int_of(entity, "bytes");
                          return Done{};
                        }));
  return use;
}

Status UsageLedger::entry_written(const Context& ctx, const TenantId& tenant, std::string_view key,
                                  StorageClass storage_class, std::int64_t size_bytes) {
  CF_CHECK(table_.upsert(ctx, entry_entity(tenant, key, storage_class, size_bytes),
                         storage::Write::replace));
  return Done{};
}

Status UsageLedger::entry_removed(const Context& ctx, const TenantId& tenant,
                                  std::string_view key) {
  return table_.remove(ctx, {partition_of(tenant), entry_row(key)}, storage::Anything{});
}

Result<std::size_t> UsageLedger::recount(const Context& ctx, const TenantId& tenant,
                                         const std::vector<Entry>& entries) {
  std::map<std::string, Entity> wanted;
  for (const Entry& entry : entries) {
    Entity entity = entry_entity(tenant, entry.key, entry.storage_class, entry.size_bytes);
    wanted[entity.key.row] = std::move(entity);
  }
  std::vector<storage::TableAction> actions;
  CF_CHECK(for_each_row(ctx, table_, partition_of(tenant), kEntriesPrefix,
                        [&](const Entity& row) -> Status {
                          const auto found = wanted.find(row.key.row);
                          if (found == wanted.end())
                            actions.push_back(storage::RemoveAction{row.key});
                          else if (found->second.values != row.values)
                            actions.push_back(storage::UpsertAction{found->second});
                          if (found != wanted.end()) wanted.erase(found);
                          return Done{};
                        }));
  for (auto& [row, entity] : wanted) actions.push_back(storage::UpsertAction{std::move(entity)});
  const std::size_t count = actions.size();
  CF_CHECK(write_all(ctx, table_, std::move(actions)));
  return count;
}

Result<std::vector<UsageProblem>> UsageLedger::verify(const Context& ctx, const TenantId& tenant,
                                                      const std::vector<Entry>& entries) const {
  std::vector<UsageProblem> problems;
  const auto compare = [&](const std::string& what, std::int64_t expected, std::int64_t found) {
    if (expected != found) problems.push_back({what, expected, found});
  };
  const std::string partition = partition_of(tenant);
  for (const Meter meter : kMeters) {
    if (meter == Meter::storage_bytes) continue;
    std::int64_t events = 0;
    std::int64_t count = 0;
    std::map<std::int64_t, std::int64_t> parts;
    CF_CHECK(for_each_row(ctx, table_, partition, events_prefix(meter),
                          [&](const Entity& event) -> Status {
                            events += int_of(event, "amount");
                            ++count;
                            parts[part_of(meter, time_of(event))] += int_of(event, "amount");
                            return Done{};
                          }));
    CF_TRY(const auto row, find_row(ctx, table_, {partition, sum_row(meter)}));
    const UsageSum sum = row ? UsageSum::from(*row) : UsageSum();
    const std::string name(to_string(meter));
    compare(name + ".total", events + sum.pruned, sum.total);
    // A clock that ran ahead for a while forgot parts of the window: fewer is no damage.
    for (const auto& [part, amount] : sum.parts)
      if (amount > parts[part])
        compare(name + ".window." + std::to_string(part), parts[part], amount);
  }
  std::map<std::string, std::int64_t> counted;
  CF_CHECK(for_each_row(ctx, table_, partition, kEntriesPrefix, [&](const Entity& row) -> Status {
    counted[row.key.row] = int_of(row, "bytes");
    return Done{};
  }));
  for (const Entry& entry : entries) {
    const std::string row = entry_row(entry.key);
    const auto found = counted.find(row);
    compare("storage_bytes of " + entry.key, entry.size_bytes,
            found == counted.end() ? 0 : found->second);
    counted.erase(row);
  }
  for (const auto& [row, bytes] : counted) compare("storage_bytes of a gone entry", 0, bytes);
  return problems;
}

Status UsageLedger::prune(const Context& ctx, const TenantId& tenant) {
  const Clock::WallTime before = clock_.wall_time() - kEventsKept;
  const std::string partition = partition_of(tenant);
  for (const Meter meter : kMeters) {
    std::vector<Entity> old;
    CF_CHECK(for_each_row(ctx, table_, partition, events_prefix(meter),
                          [&](const Entity& event) -> Status {
                            if (time_of(event) < before && old.size() < kPruneCount)
                              old.push_back(event);
                            return Done{};
                          }));
    if (old.empty()) continue;
    const EntityKey sum_key{partition, sum_row(meter)};
    CF_TRY(const auto row, find_row(ctx, table_, sum_key));
    if (!row) continue;
    UsageSum sum = UsageSum::from(*row);
    std::vector<storage::TableAction> actions;
    for (const Entity& event : old) {
      sum.pruned += int_of(event, "amount");
      actions.push_back(storage::RemoveAction{event.key, storage::Matches{event.etag}});
    }
    actions.push_back(sum_action(sum_key, row, sum));
    // Refused where somebody counted meanwhile: the next call prunes.
    CF_CHECK(table_.batch(ctx, actions));
  }
  return Done{};
}

Result<std::vector<TenantId>> UsageLedger::tenants(const Context& ctx) const {
  std::set<std::string> names;
  storage::TableQuery query;
  do {
    CF_TRY(const storage::TablePage page, table_.query(ctx, query));
    for (const Entity& entity : page.entities)
      if (auto name = storage::from_table_key(entity.key.partition)) names.insert(*std::move(name));
    query.continuation = page.continuation;
  } while (!query.continuation.empty());
  std::vector<TenantId> tenants;
  for (const std::string& name : names) tenants.emplace_back(name);
  return tenants;
}

Status UsageLedger::move(const Context& ctx, const TenantId& from, const TenantId& to) {
  return move_partition(ctx, table_, partition_of(from), partition_of(to));
}

Result<std::size_t> UsageLedger::erase(const Context& ctx, const TenantId& tenant) {
  return erase_partition(ctx, table_, partition_of(tenant));
}

}  // namespace cloudfolio::tenancy

#include "flags/flag_store.h"

#include <algorithm>

#include "flags/definition.h"
#include "flags/rows.h"
#include "flags/setting_row.h"
#include "storage/conditions.h"

namespace cloudfolio::flags {
namespace {

// Each attempt loses only to another change that succeeded.
constexpr int kAttemptsMax = 50;
constexpr char kForgettingActor[] = "deletion";

Status check_author(const Author& author) {
  if (author.name.empty() || author.name.size() > kActorLengthMax)
    return Error(Code::invalid_argument, "say who changes the flag, in at most 100 characters");
  if (author.name == kGuardActor)
    return Error(Code::invalid_argument, "'guard' is the name of the flags' guard, not a person's");
  if (author.reason.empty() || author.reason.size() > kReasonLengthMax)
    return Error(Code::invalid_argument, "say why, in at most 1000 characters");
  return Done{};
}

Status check_not_latched(std::string_view flag, const Setting& setting) {
  if (setting.armed) return Done{};
  return Error(Code::conflict, "the guard turned " + std::string(flag) + " back (" +
                                   setting.reason + "); re-arm it first: cloudfolio flags rearm " +
                                   std::string(flag) + " --reason WHY");
}

// The value of one tenant as the audit shows it.
std::string shown(const Setting& setting, const TenantId& tenant) {
  const auto own = setting.tenants.find(tenant);
  return own == setting.tenants.end() ? "default" : own->second ? "on" : "off";
}

AuditEntry entry_of(std::string action, const Author& author) {
  AuditEntry entry;
  entry.action = std::move(action);
  entry.actor = author.name;
  entry.reason = author.reason;
  return entry;
}

// Nobody stays on the new path.
void turn_off(Setting& setting) {
  setting.share = 0;
  std::erase_if(setting.tenants, [](const auto& own) { return own.second; });
}

}  // namespace

Result<FlagTable> FlagStore::read(const Context& ctx) const {
  storage::ETag head;
  return read_with_head(ctx, head);
}

Result<FlagTable> FlagStore::read_with_head(const Context& ctx, storage::ETag& head) const {
  FlagTable table;
  storage::TableQuery query;
  query.partition = kPartition;
  query.row_from = kFlagPrefix;
  do {
    CF_TRY(const storage::TablePage page, table_.query(ctx, query));
    for (const storage::Entity& entity : page.entities) {
      if (entity.key.row == kHeadRow) {
        RowReader row(entity);
        table.version = row.number("Version");
        table.head_hash = row.text("Hash");
        CF_CHECK(row.status());
        head = entity.etag;
        continue;
      }
      if (!entity.key.row.starts_with(kFlagPrefix)) continue;
      const std::string name = entity.key.row.substr(std::string_view(kFlagPrefix).size());
      if (!find_definition(name)) continue;
      CF_TRY(table.settings[name], setting_from(entity));
    }
    query.continuation = page.continuation;
  } while (!query.continuation.empty());
  return table;
}

// `edit` changes the setting and says with which entry, or nullopt: nothing to do.
template <class Edit>
Result<std::uint64_t> FlagStore::change(const Context& ctx, std::string_view flag, Edit edit) {
  CF_CHECK(get_definition(flag));
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    storage::ETag head;
    CF_TRY(const FlagTable before, read_with_head(ctx, head));
    const auto found = before.settings.find(flag);
    Setting setting = found == before.settings.end() ? Setting() : found->second;
    CF_TRY(std::optional<AuditEntry> entry, edit(setting, before.version + 1));
    if (!entry) return before.version;
    entry->version = before.version + 1;
    entry->at = clock_.wall_time();
    entry->flag = flag;
    entry->previous = before.head_hash;
    seal(*entry);
    setting.version = entry->version;
    setting.by = entry->actor;
    setting.reason = entry->reason;
    setting.at = entry->at;
    CF_TRY(const bool written, write(ctx, before, head, *entry, setting));
    if (written) return before.version + 1;
  }
  return Error(Code::conflict, "others keep changing flags; try again");
}

Result<bool> FlagStore::write(const Context& ctx, const FlagTable& before,
                              const storage::ETag& head, AuditEntry entry, Setting setting) {
  storage::Entity head_row;
  head_row.key = {kPartition, kHeadRow};
  head_row.values["Version"] = static_cast<std::int64_t>(entry.version);
  head_row.values["Hash"] = entry.hash;
  std::vector<storage::TableAction> actions;
  if (before.version == 0) {
    actions.emplace_back(storage::InsertAction{std::move(head_row)});
  } else {
    actions.emplace_back(storage::UpdateAction{std::move(head_row), storage::Write::replace,
                                               storage::Matches{head}});
  }
  actions.emplace_back(storage::InsertAction{to_entity(entry)});
  actions.emplace_back(
      storage::UpsertAction{to_entity(entry.flag, setting), storage::Write::replace});
  CF_TRY(const storage::BatchOutcome outcome, table_.batch(ctx, actions));
  const auto* refused = std::get_if<storage::BatchRefusal>(&outcome);
  if (!refused) return true;
  if (refused->error.code() == Code::conflict || refused->error.code() == Code::not_found)
    return false;
  return refused->error;
}

Result<std::uint64_t> FlagStore::set(const Context& ctx, std::string_view flag, const Share& share,
                                     const Author& author) {
  CF_CHECK(check_author(author));
  return change(ctx, flag,
                [&](Setting& setting, std::uint64_t) -> Result<std::optional<AuditEntry>> {
                  if (share != Share(0)) CF_CHECK(check_not_latched(flag, setting));
                  const Setting before = setting;
                  setting.share = share;
                  if (share == Share(0)) turn_off(setting);
                  if (setting == before) return std::optional<AuditEntry>();
                  AuditEntry entry = entry_of("set", author);
                  entry.before = to_string(before.share);
                  entry.after = to_string(share);
                  return std::optional(std::move(entry));
                });
}

Result<std::uint64_t> FlagStore::set_tenant(const Context& ctx, std::string_view flag,
                                            const TenantId& tenant, const Share& share,
                                            const Author& author) {
  CF_CHECK(check_author(author));
  if (tenant.empty()) return Error(Code::invalid_argument, "name the tenant");
  if (share && *share != 0 && *share != kEverybody)
    return Error(Code::invalid_argument, "one tenant's value is on, off or default, not a share");
  return change(ctx, flag,
                [&](Setting& setting, std::uint64_t) -> Result<std::optional<AuditEntry>> {
                  if (share == Share(kEverybody)) CF_CHECK(check_not_latched(flag, setting));
                  const Setting before = setting;
                  if (share) {
                    setting.tenants[tenant] = *share == kEverybody;
                  } else {
                    setting.tenants.erase(tenant);
                  }
                  if (setting == before) return std::optional<AuditEntry>();
                  if (setting.tenants.size() > kTenantValuesMax)
                    return Error(Code::quota_exceeded,
                                 "500 tenants have a value of their own; take some away "
                                 "with the value default, or set a share");
                  AuditEntry entry = entry_of("set_tenant", author);
                  entry.tenant = tenant.str();
                  entry.before = shown(before, tenant);
                  entry.after = shown(setting, tenant);
                  return std::optional(std::move(entry));
                });
}

Result<std::uint64_t> FlagStore::rearm(const Context& ctx, std::string_view flag,
                                       const Author& author) {
  CF_CHECK(check_author(author));
  return change(ctx, flag,
                [&](Setting& setting, std::uint64_t version) -> Result<std::optional<AuditEntry>> {
                  if (setting.armed) return std::optional<AuditEntry>();
                  setting.armed = true;
                  setting.armed_version = version;
                  AuditEntry entry = entry_of("rearm", author);
                  entry.before = "turned back";
                  entry.after = "armed";
                  return std::optional(std::move(entry));
                });
}

Result<std::uint64_t> FlagStore::turn_back(const Context& ctx, std::string_view flag,
                                           std::uint64_t armed_version, const std::string& reason,
                                           const std::string& evidence) {
  return change(ctx, flag,
                [&](Setting& setting, std::uint64_t) -> Result<std::optional<AuditEntry>> {
                  if (!setting.armed || setting.armed_version != armed_version)
                    return std::optional<AuditEntry>();
                  AuditEntry entry = entry_of("turn_back", {kGuardActor, reason});
                  entry.before = to_string(setting.share);
                  entry.after = "off";
                  entry.evidence = evidence;
                  turn_off(setting);
                  setting.armed = false;
                  return std::optional(std::move(entry));
                });
}

Result<std::uint64_t> FlagStore::set_apart(const Context& ctx, std::string_view flag,
                                           const TenantId& tenant, std::uint64_t armed_version,
                                           const std::string& reason, const std::string& evidence) {
  return change(ctx, flag,
                [&](Setting& setting, std::uint64_t) -> Result<std::optional<AuditEntry>> {
                  const std::string before = shown(setting, tenant);
                  if (!setting.armed || setting.armed_version != armed_version || before == "off" ||
                      (before == "default" && setting.tenants.size() >= kTenantValuesMax))
                    return std::optional<AuditEntry>();
                  AuditEntry entry = entry_of("set_apart", {kGuardActor, reason});
                  entry.tenant = tenant.str();
                  entry.before = before;
                  entry.after = "off";
                  entry.evidence = evidence;
                  setting.tenants[tenant] = false;
                  return std::optional(std::move(entry));
                });
}

Status FlagStore::for_each_entry(
    const Context& ctx,
    const std::function<Status(AuditEntry entry, const storage::ETag& etag)>& visit) const {
  storage::TableQuery query;
  query.partition = kPartition;
  query.row_from = kAuditPrefix;
  query.row_before = kFlagPrefix;
  do {
    CF_TRY(const storage::TablePage page, table_.query(ctx, query));
    for (const storage::Entity& entity : page.entities) {
      CF_TRY(AuditEntry entry, audit_entry_from(entity));
      CF_CHECK(visit(std::move(entry), entity.etag));
    }
    query.continuation = page.continuation;
  } while (!query.continuation.empty());
  return Done{};
}

Result<std::uint64_t> FlagStore::count_rows_of(const Context& ctx, const TenantId& tenant) const {
  CF_TRY(const FlagTable table, read(ctx));
  std::uint64_t count = 0;
  for (const auto& [flag, setting] : table.settings) count += setting.tenants.count(tenant);
  CF_CHECK(for_each_entry(ctx, [&](const AuditEntry& entry, const storage::ETag&) -> Status {
    count += entry.tenant == tenant.str();
    return Done{};
  }));
  return count;
}

Status FlagStore::forget(const Context& ctx, const TenantId& tenant) {
  CF_TRY(const FlagTable table, read(ctx));
  for (const auto& [flag, setting] : table.settings) {
    if (!setting.tenants.contains(tenant)) continue;
    CF_CHECK(
        change(ctx, flag, [&](Setting& now, std::uint64_t) -> Result<std::optional<AuditEntry>> {
          const std::string before = shown(now, tenant);
          if (now.tenants.erase(tenant) == 0) return std::optional<AuditEntry>();
          AuditEntry entry = entry_of("forget_tenant", {kForgettingActor, "its tenant is deleted"});
          entry.before = before;
          entry.after = "default";
          return std::optional(std::move(entry));
        }));
  }
  return for_each_entry(ctx, [&](AuditEntry entry, const storage::ETag& etag) -> Status {
    if (entry.tenant != tenant.str()) return Done{};
    // The flag's row first: it is found by its entry.
    CF_CHECK(forget_reason(ctx, entry));
    redact(entry);
    CF_CHECK(table_.update(ctx, to_entity(entry), storage::Write::replace, storage::Matches{etag}));
    return Done{};
  });
}

// Where the entry's change is its flag's last, the flag's row gives the reason as well.
Status FlagStore::forget_reason(const Context& ctx, const AuditEntry& entry) {
  CF_TRY(const FlagTable table, read(ctx));
  const auto found = table.settings.find(entry.flag);
  if (found == table.settings.end() || found->second.version != entry.version) return Done{};
  CF_TRY(const storage::Entity row, table_.get(ctx, {kPartition, flag_row(entry.flag)}));
  Setting setting = found->second;
  setting.reason = kRemovedText;
  const auto changed = table_.update(ctx, to_entity(entry.flag, setting), storage::Write::replace,
                                     storage::Matches{row.etag});
  // A change since then gives a reason of its own.
  if (!changed && changed.error().code() != Code::conflict) return changed.error();
  return Done{};
}

Result<std::vector<AuditEntry>> FlagStore::history(const Context& ctx,
                                                   std::string_view flag) const {
  if (!flag.empty()) CF_CHECK(get_definition(flag));
  std::vector<AuditEntry> entries;
  FlagTable head;
  // A change in the middle of reading makes the head newer than the entries: then read again.
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    entries.clear();
    CF_TRY(head, read(ctx));
    CF_CHECK(for_each_entry(ctx, [&](AuditEntry entry, const storage::ETag&) -> Status {
      entries.push_back(std::move(entry));
      return Done{};
    }));
    CF_TRY(const FlagTable after, read(ctx));
    if (after.version == head.version) break;
  }
  CF_CHECK(check_chain(entries, head.version, head.head_hash));
  if (!flag.empty())
    std::erase_if(entries, [flag](const AuditEntry& entry) { return entry.flag != flag; });
  return entries;
}

}  // namespace cloudfolio::flags

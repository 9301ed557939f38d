#include "tenancy/tenant_settings.h"

#include <cstdio>

#include "storage/rules.h"
#include "tenancy/table_rows.h"

namespace cloudfolio::tenancy {

namespace {

constexpr int kSetAttemptsMax = 20;
constexpr std::string_view kChangesPrefix = "a-";

std::string partition_of(const TenantId& tenant) {
  return storage::to_table_key(tenant.str());
}
storage::EntityKey value_key(const TenantId& tenant) {
  return {partition_of(tenant), "v-" + std::string(kIncludePrivate)};
}

// Rows are in the order of their names: a later change has a smaller one.
std::string change_row(std::int64_t version) {
  char text[32];
  std::snprintf(text, sizeof text, "%019lld", static_cast<long long>(INT64_MAX - version));
  return std::string(kChangesPrefix) + text;
}

bool flag_of(const storage::Entity& row, const std::string& name) {
  const auto found = row.values.find(name);
  const bool* const value = found == row.values.end() ? nullptr : std::get_if<bool>(&found->second);
  return value != nullptr && *value;
}

Clock::WallTime time_of(const storage::Entity& row) {
  const auto found = row.values.find("at");
  const auto* time =
      found == row.values.end() ? nullptr : std::get_if<Clock::WallTime>(&found->second);
  return time == nullptr ? Clock::WallTime() : *time;
}

}  // namespace

Result<Allowed> TenantSettings::include_private(const Context& ctx, const TenantId& tenant) const {
  CF_TRY(const auto row, find_row(ctx, table_, value_key(tenant)));
  return row && flag_of(*row, "value") ? Allowed::yes : Allowed::no;
}

Result<bool> TenantSettings::set_include_private(const Context& ctx, const TenantId& tenant,
                                                 Allowed value, std::string_view by) {
  const bool wanted = value == Allowed::yes;
  for (int attempt = 0; attempt < kSetAttemptsMax; ++attempt) {
    CF_TRY(const auto row, find_row(ctx, table_, value_key(tenant)));
    if ((row && flag_of(*row, "value")) == wanted) return false;
    const std::int64_t version = row ? int_of(*row, "version") + 1 : 1;
    storage::Entity next{value_key(tenant), {{"value", wanted}, {"version", version}}};
    storage::Entity change{{partition_of(tenant), change_row(version)},
                           {{"name", std::string(kIncludePrivate)},
                            {"value", wanted},
                            {"by", std::string(by)},
                            {"at", clock_.wall_time()}}};
    std::vector<storage::TableAction> actions{storage::UpsertAction{std::move(change)}};
    if (row)
      actions.push_back(storage::UpdateAction{std::move(next), storage::Write::replace,
                                              storage::Matches{row->etag}});
    else
      actions.push_back(storage::InsertAction{std::move(next)});
    constexpr auto kKept = static_cast<std::int64_t>(kChangesKept);
    if (version > kKept)
      actions.push_back(storage::RemoveAction{{partition_of(tenant), change_row(version - kKept)}});
    CF_TRY(const storage::BatchOutcome outcome, table_.batch(ctx, actions));
    const auto* refusal = std::get_if<storage::BatchRefusal>(&outcome);
    if (refusal == nullptr) return true;
    const Code code = refusal->error.code();
    if (code != Code::conflict && code != Code::not_found) return refusal->error;
  }
  return Error(Code::conflict, "somebody else changes the same setting; try again");
}

Result<std::vector<SettingChange>> TenantSettings::changes(const Context& ctx,
                                                           const TenantId& tenant) const {
  std::vector<SettingChange> changes;
  CF_CHECK(for_each_row(
      ctx, table_, partition_of(tenant), kChangesPrefix, [&](const storage::Entity& row) -> Status {
        changes.push_back({text_of(row, "name"), flag_of(row, "value") ? Allowed::yes : Allowed::no,
                           text_of(row, "by"), time_of(row)});
        return Done{};
      }));
  return changes;
}

}  // namespace cloudfolio::tenancy

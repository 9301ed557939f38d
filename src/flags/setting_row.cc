#include "flags/setting_row.h"

#include "flags/rows.h"
#include "json/json.h"

namespace cloudfolio::flags {

storage::Entity to_entity(std::string_view flag, const Setting& setting) {
  storage::Entity entity;
  entity.key = {kPartition, flag_row(flag)};
  if (setting.share) entity.values["Share"] = static_cast<std::int64_t>(*setting.share);
  json::Object tenants;
  for (const auto& [tenant, value] : setting.tenants) tenants[tenant.str()] = value;
  entity.values["Tenants"] = json::write(json::Value(std::move(tenants)));
  entity.values["Version"] = static_cast<std::int64_t>(setting.version);
  entity.values["ArmedVersion"] = static_cast<std::int64_t>(setting.armed_version);
  entity.values["Armed"] = setting.armed;
  entity.values["Buckets"] = kBucketVersion;
  entity.values["Actor"] = setting.by;
  entity.values["Reason"] = setting.reason;
  entity.values["At"] = setting.at;
  return entity;
}

Result<Setting> setting_from(const storage::Entity& entity) {
  Setting setting;
  RowReader row(entity);
  if (row.has("Share")) setting.share = static_cast<std::uint32_t>(row.number("Share"));
  const std::string tenants = row.text("Tenants");
  setting.version = row.number("Version");
  setting.armed_version = row.number("ArmedVersion");
  setting.armed = row.truth("Armed");
  const std::uint64_t buckets = row.number("Buckets");
  setting.by = row.text("Actor");
  setting.reason = row.text("Reason");
  setting.at = row.time("At");
  CF_CHECK(row.status());
  if (buckets != static_cast<std::uint64_t>(kBucketVersion))
    return Error(Code::unavailable, "row '" + entity.key.row + "' divides tenants by function " +
                                        std::to_string(buckets) + "; this release has function 1");
  const auto own = json::parse_object(tenants);
  if (!own || (setting.share && *setting.share > kEverybody))
    return Error(Code::corrupt, "row '" + entity.key.row + "' of table " + kFlagsTable +
                                    ": a share or a tenant's value that is none");
  for (const auto& [tenant, value] : *own) {
    if (value.is_bool())
      setting.tenants[TenantId(std::string(json::view(tenant)))] = value.get_bool();
  }
  return setting;
}

}  // namespace cloudfolio::flags

#include "flags/report.h"

#include "base/time_text.h"
#include "json/json.h"

namespace cloudfolio::flags {
namespace {

json::Object shown(const Flags::FlagView& flag) {
  json::Object object;
  object["name"] = flag.name;
  object["value"] = flag.value;
  object["source"] = flag.setting.share ? "flags table" : flag.standard.source;
  object["setting"] = to_string(flag.setting.share);
  json::Object tenants;
  for (const auto& [tenant, value] : flag.setting.tenants) tenants[tenant.str()] = value;
  object["tenants"] = std::move(tenants);
  object["version"] = flag.setting.version;
  object["guard"] = to_string(flag.guard);
  if (flag.setting.version != 0) {
    object["changed"] = {{"by", flag.setting.by},
                         {"reason", flag.setting.reason},
                         {"at", cloudfolio::to_text(flag.setting.at)}};
  }
  object["about"] = flag.about;
  return object;
}

}  // namespace

std::string to_json(const Flags::View& view) {
  json::Object object;
  object["version"] = view.version;
  if (view.age) object["age_seconds"] = view.age->count();
  json::Array list;
  for (const Flags::FlagView& flag : view.flags) list.push_back(shown(flag));
  object["flags"] = std::move(list);
  return json::write(json::Value(std::move(object)));
}

std::string to_json(const std::vector<AuditEntry>& entries) {
  json::Array list;
  for (const AuditEntry& entry : entries) {
    json::Object object{{"version", entry.version},
                        {"at", cloudfolio::to_text(entry.at)},
                        {"flag", entry.flag},
                        {"action", entry.action}};
    if (!entry.tenant.empty()) object["tenant"] = entry.tenant;
    object["before"] = entry.before;
    object["after"] = entry.after;
    object["by"] = entry.actor;
    object["reason"] = entry.reason;
    if (!entry.evidence.empty()) {
      auto evidence = json::parse(entry.evidence);
      object["evidence"] = evidence ? *std::move(evidence) : json::Value(entry.evidence);
    }
    object["hash"] = entry.hash;
    list.push_back(std::move(object));
  }
  return json::write(json::Value{{"history", std::move(list)}});
}

json::Value to_json(const Decision& decision) {
  return {{"flag", decision.flag}, {"value", decision.value}, {"version", decision.version}};
}

std::optional<Decision> decision_from(const json::Value& value) {
  const auto flag = json::find_string(value, "flag");
  const auto on = json::find_bool(value, "value");
  const auto version = json::find_int(value, "version");
  if (!flag || !on || !version || *version < 0) return std::nullopt;
  return Decision{std::string(*flag), *on, static_cast<std::uint64_t>(*version),
                  Decision::Why::standard};
}

std::string_view to_string(Guard::State state) {
  switch (state) {
    case Guard::State::no_data:
      return "no data";
    case Guard::State::watching:
      return "armed";
    case Guard::State::latched:
      return "turned back";
  }
  return "no data";
}

}  // namespace cloudfolio::flags

#pragma once
// Flags as JSON: what `cloudfolio flags --json` prints and `/v1/admin/flags` answers
// (docs/operating/cli.md lists the fields).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flags/audit.h"
#include "flags/flags.h"
#include "json/json_fwd.h"

namespace cloudfolio::flags {

std::string to_json(const Flags::View& view);
std::string to_json(const std::vector<AuditEntry>& entries);

// {"flag", "value", "version"}: as work carries it in its input. nullopt: nothing of that kind.
json::Value to_json(const Decision& decision);
std::optional<Decision> decision_from(const json::Value& value);

// "armed", "no data", "turned back".
std::string_view to_string(Guard::State state);

}  // namespace cloudfolio::flags

#include "roles/role_set.h"

#include <algorithm>

namespace cloudfolio::roles {

std::string_view to_string(Role role) {
  switch (role) {
    case Role::gateway:
      return "gateway";
    case Role::orchestrator:
      return "orchestrator";
    case Role::sync:
      return "sync";
    case Role::trainer:
      return "trainer";
  }
  return "";
}

Result<RoleSet> RoleSet::parse(std::string_view names) {
  RoleSet set(0);
  while (true) {
    const auto comma = names.find(',');
    const std::string_view name = names.substr(0, comma);
    const auto* found = std::find_if(std::begin(kRoles), std::end(kRoles),
                                     [&](Role role) { return to_string(role) == name; });
    if (found == std::end(kRoles)) {
      return Error(Code::invalid_argument,
                   "no role '" + std::string(name) +
                       "'; there are gateway, orchestrator, sync and trainer, joined by commas");
    }
    set.bits_ |= bit(*found);
    if (comma == std::string_view::npos) return set;
    names.remove_prefix(comma + 1);
  }
}

std::vector<Role> RoleSet::roles() const {
  std::vector<Role> roles;
  std::copy_if(std::begin(kRoles), std::end(kRoles), std::back_inserter(roles),
               [this](Role role) { return has(role); });
  return roles;
}

std::string RoleSet::text() const {
  std::string text;
  for (const Role role : roles()) text += (text.empty() ? "" : ",") + std::string(to_string(role));
  return text;
}

}  // namespace cloudfolio::roles

#pragma once
// RoleSet: which services a process runs.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cloudfolio::roles {

enum class Role : std::uint8_t { gateway, orchestrator, sync, trainer };

inline constexpr Role kRoles[] = {Role::gateway, Role::orchestrator, Role::sync, Role::trainer};
std::string_view to_string(Role role);

class RoleSet {
 public:
  static RoleSet all() { return RoleSet(0xF); }
  // Names joined by commas. Errors: invalid_argument: none, or one that does not exist.
  static Result<RoleSet> parse(std::string_view names);

  RoleSet without(Role role) const { return RoleSet(bits_ & ~bit(role)); }
  bool has(Role role) const { return (bits_ & bit(role)) != 0; }
  // The whole system in one process.
  bool is_all() const { return bits_ == 0xF; }
  std::vector<Role> roles() const;
  std::string text() const;  // "gateway,sync"

  bool operator==(const RoleSet&) const = default;

 private:
  explicit RoleSet(unsigned bits) : bits_(bits) {}
  static unsigned bit(Role role) { return 1u << static_cast<unsigned>(role); }
  unsigned bits_ = 0;
};

}  // namespace cloudfolio::roles

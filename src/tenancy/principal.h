#pragma once
// Principal: who asks. Made once by authentication, passed on, asked for rights here and nowhere
// else.

#include <string>
#include <string_view>
#include <variant>

#include "base/id.h"

namespace cloudfolio::tenancy {

// Nobody said who. Sees public portfolios.
struct Anonymous {
  bool operator==(const Anonymous&) const = default;
};
// Speaks for one tenant.
struct TenantPrincipal {
  TenantId tenant;
  bool operator==(const TenantPrincipal&) const = default;
};
// Runs the installation: every tenant, and the admin routes.
struct Operator {
  bool operator==(const Operator&) const = default;
};
using Principal = std::variant<Anonymous, TenantPrincipal, Operator>;

// "anonymous", "tenant octocat", "operator": for logs.
std::string to_string(const Principal& principal);

bool is_operator(const Principal& principal);
// Whether it may start work for, or change anything of, that tenant. Anonymous callers may not; an
// installation without tokens treats everyone as its operator (TokenTable).
bool may_change(const Principal& principal, const TenantId& tenant);

}  // namespace cloudfolio::tenancy

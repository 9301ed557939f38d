#include "tenancy/principal.h"

namespace cloudfolio::tenancy {

std::string to_string(const Principal& principal) {
  if (const auto* tenant = std::get_if<TenantPrincipal>(&principal))
    return "tenant " + tenant->tenant.str();
  return is_operator(principal) ? "operator" : "anonymous";
}

bool is_operator(const Principal& principal) {
  return std::holds_alternative<Operator>(principal);
}

bool may_change(const Principal& principal, const TenantId& tenant) {
  if (is_operator(principal)) return true;
  const auto* own = std::get_if<TenantPrincipal>(&principal);
  return own && own->tenant == tenant;
}

}  // namespace cloudfolio::tenancy

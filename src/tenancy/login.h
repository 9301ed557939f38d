#pragma once
// A GitHub login, as people write it, made a TenantId.
//
// GitHub's rule: 1 to 39 of letters, digits and single hyphens, not at either end;
// enterprise-managed users also have one underscore before their company's short code
// ("octo_acme"). Old logins break the rule on hyphens and still exist, so hyphens are taken as they
// come. Letter case does not matter to GitHub: a TenantId is the login in lower case, and two
// spellings are one tenant.

#include <cstddef>
#include <string_view>

#include "base/id.h"
#include "base/result.h"

namespace cloudfolio::tenancy {

inline constexpr std::size_t kLoginLengthMax = 39;

// Errors: invalid_argument, naming the first thing that is wrong. Nothing that passes can be
// mistaken for a path, a prefix of another login's key or a wildcard: no '/', '.', ':', '*', '%' or
// space.
Result<TenantId> tenant_from_login(std::string_view login);

}  // namespace cloudfolio::tenancy

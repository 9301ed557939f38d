#pragma once
// Caller: who asks, from a request's header; and the guards that stand before every route.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "gateway/services.h"
#include "http/message.h"
#include "tenancy/principal.h"
#include "tenancy/tokens.h"

namespace cloudfolio::gateway {

// The principal of "Authorization: Bearer …", or of "x-functions-key" as the original's scripts
// send it. Errors: unauthenticated (a token that is none of ours, another scheme);
// permission_denied (without tokens: a Host that is not this machine, or a page of another origin
// that wants to change something).
Result<tenancy::Principal> caller_of(const http::Request& request,
                                     const tenancy::TokenTable& tokens,
                                     std::string_view public_url);

// unauthenticated for nobody, permission_denied for somebody else.
Status check_may_change(const tenancy::Principal& principal, const TenantId& tenant);
Status must_be_operator(const tenancy::Principal& principal);

// What the caller sees of the tenant. `asked` is "true", "false", or nullopt where the request does
// not say: then a tenant's own token sees everything of the tenant, and an operator, who runs the
// place but does not own the text, what is public. Errors: invalid_argument (another word); those
// of check_may_change where "true" is asked without the right.
Result<Sight> sight_of(const tenancy::Principal& principal, const TenantId& tenant,
                       std::optional<std::string_view> asked);

// "127.0.0.1", "::1", "localhost" and their like.
bool is_loopback(std::string_view host);

}  // namespace cloudfolio::gateway

#pragma once
// What a refusal by quota looks like: 429 with what, how much and until when; and what a start that
// was accepted says about the quota that it used.
//
// Headers: Retry-After in seconds (absent where waiting does not help); RateLimit-Policy and
// RateLimit as in the IETF's draft "RateLimit header fields for HTTP" (q, w; r, t).

#include "gateway/administration.h"
#include "gateway/route_table.h"

namespace cloudfolio::gateway {

// The answer to a start that failed with `error`: a quota's refusal with its figures, and any other
// error as it is.
Result<http::Response> refused_answer(Services& services, Call& call, const TenantId& tenant,
                                      Metered work, Style style, Error error);
// Adds the RateLimit fields to the answer of a start.
void add_quota_headers(Services& services, Call& call, const TenantId& tenant, Metered work,
                       http::Response& response);

}  // namespace cloudfolio::gateway

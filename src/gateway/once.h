#pragma once
// once(): a request that starts work, made again with the same Idempotency-Key, has one effect and
// one answer (docs/formats/http-v1.md, "Starting work once").

#include <functional>

#include "gateway/route_table.h"

namespace cloudfolio::gateway {

// Does the work and answers; says which instance it started or joined. `mark` goes to whatever it
// starts.
using StartWork = std::function<Result<http::Response>(const StartMark& mark, InstanceId& job)>;

// Without the header: just the work. With it: the work if nobody did it, else what was answered
// then, with `Idempotency-Replayed: true`. The caller's right to the tenant is checked before.
// 409 while the first still works, 422 for a key that was used for another request.
Result<http::Response> once(Services& services, Call& call, const TenantId& tenant, Style style,
                            const StartWork& work);

// The same for a request that another app answers: `start` asks it. What that app started cannot be
// looked for, so where its answer got lost the next attempt asks again. Errors: also those of
// `start`.
using AskToStart = std::function<Result<http::Response>()>;
Result<http::Response> once_elsewhere(Services& services, const http::Request& request,
                                      const TenantId& tenant, const AskToStart& start);

// Whether an instance still runs, for RequestKeys.
std::function<Result<bool>(const Context&, const InstanceId&)> running_in(
    durable::Client& instances);

}  // namespace cloudfolio::gateway

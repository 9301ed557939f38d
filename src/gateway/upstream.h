#pragma once
// Upstream: the old app, asked on behalf of a caller.
//
// A request goes on with its method, target, body and headers, but for those of one connection
// (RFC 9110, 7.6.1) and for a token that is ours; X-Forwarded-For, -Host and -Proto are added. The
// answer comes back the same way, its body as it was sent. A GET is sent once more where a kept
// connection turned out to be closed; nothing else is sent twice.
//
// Threads: thread-safe; callers block, until the request's deadline at most.
// Lifetime: the client outlives it.

#include <string>

#include "base/limits.h"
#include "http/client.h"

namespace cloudfolio::gateway {

// A larger answer of the old app is an error.
inline constexpr std::size_t kUpstreamAnswerBytesMax = 64 * kMiB;

class Upstream {
 public:
  // What to do with the caller's Authorization and x-functions-key.
  enum class Credentials { pass, withhold };

  // `origin`: "https://old.example.net", with a path before /api where there is one.
  Upstream(std::string origin, http::Client& client);

  // Errors: those of the client.
  Result<http::Response> ask(const Context& ctx, const http::Request& request,
                             Credentials credentials) const;

 private:
  const std::string origin_;
  http::Client& client_;
};

}  // namespace cloudfolio::gateway

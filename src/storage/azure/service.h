#pragma once
// Service: one of an account's three services. Sends a request until there is a final answer.
//
// Promises: an answer below 500 that is neither 408 nor 429 is returned as a Reply, whatever it
// says; each attempt is dated and signed anew.
// Threads: thread-safe.
// Errors: unauthenticated (401), permission_denied (403); unavailable and deadline_exceeded, after
// the last attempt: what was asked for may have happened.

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/context.h"
#include "base/random.h"
#include "base/result.h"
#include "http/client.h"
#include "storage/azure/authorizer.h"
#include "storage/azure/azure.h"
#include "storage/azure/wire_request.h"

namespace cloudfolio::storage::azure {

class Service {
 public:
  struct Parts {
    const Options& options;
    http::Client& http;
    Authorizer& authorizer;
    SharedRandom& random;
    const Clock& clock;
  };
  // What `parts` refers to outlives the service. `url` as in Account.
  Service(ServiceKind kind, std::string url, const Parts& parts);

  Result<Reply> send(const Context& ctx, const WireRequest& request);

  const std::string& url() const { return url_; }
  const Options& options() const { return parts_.options; }
  const Clock& clock() const { return parts_.clock; }

 private:
  Result<http::Response> attempt(const Context& ctx, const WireRequest& request);

  const ServiceKind kind_;
  const std::string url_;
  std::string url_path_;  // Of url_.
  const Parts parts_;
};

// The error that a reply stands for where the caller has no better reading of it.
Error error_of(const Reply& reply);
// Done for a success, else that error.
Status check_reply(const Reply& reply);

}  // namespace cloudfolio::storage::azure

#pragma once
// Authorizer: adds the right to ask to a request, anew for every attempt.
//
// Threads: thread-safe.

#include <memory>

#include "base/clock.h"
#include "base/context.h"
#include "base/result.h"
#include "http/client.h"
#include "storage/azure/account.h"
#include "storage/azure/wire_request.h"

namespace cloudfolio::storage::azure {

class Authorizer {
 public:
  virtual ~Authorizer() = default;
  // The request has x-ms-date and x-ms-version already. Adds headers, or query parameters that are
  // no part of any signature, to `request`.
  virtual Status authorize(const Context& ctx, ServiceKind kind, std::string_view url_path,
                           WireRequest& request) = 0;
  // The service refused what authorize() added: forget what is cached. True if asking again may
  // help.
  virtual bool refused() { return false; }
};

// `http` is for fetching tokens; it and the clock outlive the authorizer.
Result<std::unique_ptr<Authorizer>> make_authorizer(const Account& account, http::Client& http,
                                                    const Clock& clock);

}  // namespace cloudfolio::storage::azure

#pragma once
// Side: which of two apps a request may go to while tenants move from the old app to this one.

#include <string_view>

#include "base/id.h"
#include "http/message.h"

namespace cloudfolio::gateway {

struct Ownership {
  // Only this program knows the route: /v1, health, metrics, its own instances.
  bool only_here = false;
  // Whom the request is about; empty where it does not say or names nobody that can be.
  TenantId tenant;
  // It changes nothing on either side, so it may be asked of both.
  bool reads = false;
  std::string_view route = {};  // Of a read: "bundle" or "repository".
  bool starts = false;          // It starts work, and may carry an Idempotency-Key.
};

// By path and, for the original's POST routes, by body. An instance's id says who started it:
// ours have a colon ("refresh:ada"), the old app's have none, so that a job ends on the side that
// it began on.
Ownership ownership_of(const http::Request& request);

}  // namespace cloudfolio::gateway

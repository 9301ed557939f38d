#pragma once
// Housekeeping: what a serving process does regularly besides its work: the store's own
// maintenance, a slice of the cache's clean-up, and each tenant's activity into the log.

#include "base/context.h"
#include "cache/collector.h"

namespace cloudfolio::roles {

class Platform;

class Housekeeping {
 public:
  // `platform` outlives it.
  explicit Housekeeping(Platform& platform);
  // One turn; failures are logged and tried again at the next.
  void run(const Context& ctx);

 private:
  void maintain(const Context& ctx);
  void collect(const Context& ctx);
  void tell_activity(const Context& ctx);

  Platform& platform_;
  cache::Collector collector_;
};

}  // namespace cloudfolio::roles

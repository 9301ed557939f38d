#pragma once
// The verbs that only look: plan and verify, of one place.
//
// Threads and lifetimes as in copier.h.

#include <functional>

#include "migrate/copier.h"

namespace cloudfolio::migrate {

struct Look {
  Place& from;
  Place& to;
  Journal* journal;  // nullptr: nothing was copied yet.
  const Pace& pace;
  const Options& options;
  Report& report;
};

// Counts what run would do. What stands on both sides is read and compared; what is to be copied
// is not, but for a sample whose reading time makes the estimate.
Status plan_place(const Context& ctx, const Look& look, const std::function<void()>& tick);
Status verify_place(const Context& ctx, const Look& look, const std::function<void()>& tick);

}  // namespace cloudfolio::migrate

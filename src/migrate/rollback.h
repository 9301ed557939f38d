#pragma once
// Taking back what a run wrote into one place of the destination.

#include <functional>

#include "migrate/copier.h"

namespace cloudfolio::migrate {

// Removes what is as we wrote it, restores what we replaced; what changed since stays and is
// reported. Resumable and idempotent, as run.
Status roll_back_place(const Context& ctx, Place& to, const Tools& tools,
                       const std::function<void()>& tick);

}  // namespace cloudfolio::migrate

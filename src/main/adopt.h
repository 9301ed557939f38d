#pragma once
// cache adopt: what only the old versions have of a login becomes its publication, and what waits
// in their queues is told.

#include <string>

#include "base/context.h"
#include "base/result.h"
#include "main/arguments.h"

namespace cloudfolio::roles {
class Platform;
}

namespace cloudfolio::main {

// `spelling`: the login as the old versions' callers wrote it. Nothing that is published changes.
Status adopt_old_data(const Context& ctx, roles::Platform& platform, const std::string& spelling,
                      Output output);

}  // namespace cloudfolio::main

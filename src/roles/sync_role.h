#pragma once
// Sync: GitHub's lane of this process, and the refresh that uses it.

#include <memory>

#include "durable/registry.h"
#include "github/client.h"
#include "roles/config.h"
#include "roles/platform.h"

namespace cloudfolio::roles {

// The client of the configured principal. One a process: GitHub's limits are a principal's.
Result<std::unique_ptr<github::Client>> open_github(const Config& config, Platform& platform);

// Registers `refresh_portfolio` and its activities. Everything given outlives the registry.
void register_sync(durable::Registry& registry, const Config& config, Platform& platform,
                   github::Client& github);

}  // namespace cloudfolio::roles

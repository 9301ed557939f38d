#pragma once
// The orchestrator: runs what the feature roles registered, on this machine's disk.

#include <memory>

#include "durable/embedded/scheduler.h"
#include "durable/registry.h"
#include "roles/client_slot.h"
#include "roles/config.h"
#include "roles/platform.h"

namespace cloudfolio::roles {

inline constexpr char kStartOrchestration[] = "start_orchestration";

// What an activity does after starting another orchestration.
enum class AfterStart {
  go_on,
  wait_for_its_end,  // ENABLE_ASYNC_MODEL_TRAINING off: as the original, which trained in line.
};

// Registers the activity `start_orchestration` {"name", "instance", "input"}: a live instance of
// that id is told to run once more (event `again` with the input) instead. `slot` outlives the
// registry.
void register_start_orchestration(durable::Registry& registry, const ClientSlot& slot,
                                  AfterStart after);

// Opens the scheduler over the store's folder and gives it to `slot`.
Result<std::unique_ptr<durable::Embedded>> open_orchestrator(
    const Config& config, Platform& platform, const durable::Registry& registry, ClientSlot& slot,
    durable::EmbeddedOptions::AroundPools around_pools);

}  // namespace cloudfolio::roles

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

// The tag in which the runs of one chain carry the ENABLE_ASYNC_MODEL_TRAINING that it began with.
inline constexpr char kAsyncTrainingTag[] = "async_training";

// Registers the activity `start_orchestration` {"name", "instance", "input"}: a live instance of
// that id is told to run once more (event `again` with the input) instead. Where the chain of runs
// began with ENABLE_ASYNC_MODEL_TRAINING off, it waits for the end of what it started, as the
// original did; a training's input records which (`training::with_decision`). `slot` and `flags`
// outlive the registry.
void register_start_orchestration(durable::Registry& registry, const ClientSlot& slot,
                                  const flags::Flags& flags);

// Opens the scheduler over the store's folder and gives it to `slot`.
Result<std::unique_ptr<durable::Embedded>> open_orchestrator(
    const Config& config, Platform& platform, const durable::Registry& registry, ClientSlot& slot,
    durable::EmbeddedOptions::AroundPools around_pools);

}  // namespace cloudfolio::roles

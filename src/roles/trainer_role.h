#pragma once
// The trainer: fine-tunes, judges and publishes models.

#include <functional>

#include "durable/registry.h"
#include "roles/base_model.h"
#include "roles/config.h"
#include "roles/cost_recorder.h"
#include "roles/platform.h"
#include "roles/progress_board.h"
#include "training/train_model.h"

namespace cloudfolio::roles {

// Everything given outlives the registry. `on_step` hears of every step of an instance's training.
// With Cores::one a training leaves the other processors to what runs beside it.
void register_trainer(durable::Registry& registry, const Config& config, Platform& platform,
                      BaseModel& base, ProgressBoard& progress, CostRecorder& costs,
                      training::Cores cores, std::function<void(const InstanceId&)> on_step);

}  // namespace cloudfolio::roles

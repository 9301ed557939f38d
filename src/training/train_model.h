#pragma once
// The orchestration `train_model` and its activities.
//
// Instance `train:{login}:{first 40 digits of the content fingerprint}` (ids are limited), input
// {"login", "fingerprint", "scope"?, "max_steps"?, "max_tokens"?}; of a private place (`scope`) it
// is `private:train:{login}:…`, and its model stays in that place. prepare_training decides from
// the text alone whether to train; run_training (on the pool "training", one at a time) trains,
// judges and keeps a winning model; publish_model writes the record. A winner asks for a new index
// with its vectors (activity `start_orchestration`).
//
// Promises: each content is trained on once: a record is kept of every outcome, with its reason.
// Output: TrainingReport as JSON.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/context.h"
#include "base/result.h"
#include "cache/tenant_cache.h"
#include "flags/setting.h"
#include "training/fine_tuning.h"
#include "training/recipe.h"
#include "training/training_report.h"

namespace cloudfolio::cache {
class Cache;
}
namespace cloudfolio::durable {
class Registry;
}
namespace cloudfolio::flags {
class Flags;
}
namespace cloudfolio::telemetry {
class Log;
class MetricRegistry;
}  // namespace cloudfolio::telemetry

namespace cloudfolio::training {

inline constexpr char kTrainModel[] = "train_model";
inline constexpr char kPrepareTraining[] = "prepare_training";
inline constexpr char kRunTraining[] = "run_training";
inline constexpr char kPublishModel[] = "publish_model";
inline constexpr char kTrainingPool[] = "training";

std::string train_instance(const TenantId& tenant, std::string_view fingerprint);
struct TrainLimits {
  std::optional<std::size_t> step_count_max;
  std::optional<std::size_t> token_count_max;
};
std::string train_input(const TenantId& tenant, std::string_view fingerprint, TrainLimits limits);
// The input with the value of ENABLE_ASYNC_MODEL_TRAINING that its run began with, as
// `"async_training": {"flag", "value", "version"}`; one that is recorded already stays.
std::string with_decision(const std::string& input, const flags::Decision& decision);
// The input as of a run that has not begun: without it.
std::string without_decision(const std::string& input);
// What is recorded; nullopt: nothing (a message of an older release).
std::optional<flags::Decision> recorded_decision(std::string_view input);

// What one run used; a run that failed or was cut off used it, too.
struct TrainingUsage {
  TenantId tenant;
  std::string fingerprint;
  Clock::WallTime began;
  std::chrono::nanoseconds wall{0};
  std::chrono::nanoseconds cpu{0};  // Of the whole process while it ran.
};

struct TrainingCost {
  std::int64_t micros = 0;  // Of the currency.
  std::string currency;     // Empty: not known.
};

// How much of the machine a training takes.
enum class Cores { all, one };

struct TrainingServices {
  std::function<Result<encoder::Model>()> load_base;
  telemetry::Log& log;
  telemetry::MetricRegistry& metrics;
  const Clock& clock;
  OnTrainingProgress on_progress;  // May be empty.
  // Asked before each run of training of a content, its repeated runs too; an error ends it. May be
  // empty.
  std::function<Status(const Context&, const cache::Place&, const std::string& fingerprint)>
      before_training = {};
  // Told at the end of each run_training that began to train. May be empty.
  std::function<TrainingCost(const Context&, const TrainingUsage&)> on_used = {};
  // Told how each training ended, with the decision that it began with. May be null.
  flags::Flags* flags = nullptr;
  Cores cores = Cores::all;
};

// The activities' work, one after the other; each may be repeated to the same effect.
//
// From the text alone: a report that ends it (a record that exists; too little text), or nothing:
// train. `fingerprint` empty: what is published now. Where the publication has other content, the
// report's reason is "superseded", and no record is made.
// Errors: not_found where nothing is published.
Result<std::optional<TrainingReport>> prepare_training(const Context& ctx,
                                                       const cache::TenantCache& tenant,
                                                       const std::string& fingerprint,
                                                       const Recipe& recipe);
// Trains and judges; writes the model where it won. Errors: not_found (no base model), cancelled.
Result<TrainingReport> run_training(const Context& ctx, const cache::TenantCache& tenant,
                                    const std::string& fingerprint, const Recipe& recipe,
                                    const TrainingServices& services);
// Writes the record, which is what makes the outcome final.
Status publish_model(const Context& ctx, const cache::TenantCache& tenant,
                     const TrainingReport& report, const TrainingServices& services);

void register_training(durable::Registry& registry, cache::Cache& cache, TrainingServices services,
                       Recipe recipe);

}  // namespace cloudfolio::training

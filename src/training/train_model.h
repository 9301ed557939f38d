#pragma once
// The orchestration `train_model` and its activities.
//
// Instance `train:{login}:{content fingerprint}`, input {"login", "fingerprint", "max_steps"?,
// "max_tokens"?}. prepare_training decides from the text alone whether to train; run_training (on
// the pool "training", one at a time) trains, judges and keeps a winning model; publish_model
// writes the record. A winner asks for a new index with its vectors (activity
// `start_orchestration`).
//
// Promises: each content is trained on once: a record is kept of every outcome, with its reason.
// Activities may run twice to the same effect. Output: TrainingReport as JSON.

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
#include "training/recipe.h"

namespace cloudfolio::cache {
class Cache;
}
namespace cloudfolio::durable {
class Registry;
}
namespace cloudfolio::encoder {
class Model;
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

// What `train --json` prints.
struct TrainingReport {
  std::string login;
  std::string fingerprint;
  std::size_t repositories = 0;  // Documented ones.
  std::size_t pairs = 0;
  std::size_t queries = 0;  // Held out.
  std::size_t steps = 0;
  std::size_t tokens = 0;
  double seconds = 0;
  double base_score = 0;  // Held-out nDCG@10.
  double tuned_score = 0;
  double gain_lower_bound = 0;
  double base_guard = 0;
  double tuned_guard = 0;
  bool published = false;
  std::string reason;  // "" where published.
  std::string cut;     // "max_tokens" or "max_steps" where that shortened the run.
};
std::string to_json(const TrainingReport& report);
Result<TrainingReport> training_report_from_json(std::string_view text);

struct TrainingProgress {
  std::size_t step = 0;
  std::size_t step_count = 0;
  double loss = 0;
  double seconds_left = 0;
};
// Called from the training thread, at most once a second and after the last step.
using OnTrainingProgress = std::function<void(const Context&, const TrainingProgress&)>;

struct TrainingServices {
  std::function<Result<encoder::Model>()> load_base;
  telemetry::Log& log;
  telemetry::MetricRegistry& metrics;
  const Clock& clock;
  OnTrainingProgress on_progress;  // May be empty.
};

// The work of the three activities in one call, without orchestration.
// Errors: not_found (nothing published; no base model), conflict (the publication has other content
// than `fingerprint`), cancelled.
Result<TrainingReport> train(const Context& ctx, const cache::TenantCache& tenant,
                             const std::string& fingerprint, const Recipe& recipe,
                             const TrainingServices& services);

void register_training(durable::Registry& registry, cache::Cache& cache, TrainingServices services,
                       Recipe recipe);

}  // namespace cloudfolio::training

#pragma once
// What training counts.

#include "telemetry/metrics.h"

namespace cloudfolio::training {

struct TrainingMetrics {
  explicit TrainingMetrics(telemetry::MetricRegistry& registry)
      : runs(registry.counters("cloudfolio_training_runs_total",
                               "Trainings that ended, by outcome.",
                               {{"outcome",
                                 {"published", "not_better", "guard_lost", "too_little_evidence",
                                  "too_few_repositories", "not_finite", "failed"}}})),
        seconds(registry.histogram("cloudfolio_training_seconds",
                                   "Time of a training, judging included.",
                                   telemetry::job_seconds_bounds())),
        tokens(registry.counter("cloudfolio_training_tokens_total", "Tokens trained on.")) {}
  telemetry::CounterFamily& runs;
  telemetry::Histogram& seconds;
  telemetry::Counter& tokens;
};

}  // namespace cloudfolio::training

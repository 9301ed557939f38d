#pragma once
// What sync counts.

#include "telemetry/metrics.h"

namespace cloudfolio::sync {

struct SyncMetrics {
  explicit SyncMetrics(telemetry::MetricRegistry& registry)
      : refreshes(registry.counters(
            "cloudfolio_sync_refreshes_total", "Refreshes by what they found.",
            {{"outcome", {"unchanged", "published", "same", "superseded", "limited"}}})),
        repositories(
            registry.counters("cloudfolio_sync_repositories_total",
                              "Repositories of refreshes that published, by what became of them.",
                              {{"outcome", {"fetched", "unchanged", "skipped", "gone"}}})) {}

  telemetry::CounterFamily& refreshes;
  telemetry::CounterFamily& repositories;
};

}  // namespace cloudfolio::sync

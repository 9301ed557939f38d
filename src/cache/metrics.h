#pragma once
// What the cache counts.

#include <string>
#include <vector>

#include "telemetry/metrics.h"

namespace cloudfolio::cache {

struct CacheMetrics {
  explicit CacheMetrics(telemetry::MetricRegistry& registry)
      : reads(registry.counters(
            "cloudfolio_cache_reads_total", "Cache reads by kind and outcome.",
            {{"kind", kinds()}, {"outcome", {"hit", "miss", "expired", "corrupt", "error"}}})),
        writes(registry.counters("cloudfolio_cache_writes_total",
                                 "Cache writes by kind and outcome.",
                                 {{"kind", kinds()}, {"outcome", {"ok", "conflict", "error"}}})),
        written_bytes(registry.counters("cloudfolio_cache_written_bytes_total",
                                        "Bytes written to the cache by kind.",
                                        {{"kind", kinds()}})) {}

  static std::vector<std::string> kinds() {
    return {"bundle",       "repository", "note",        "index",  "model",
            "model_record", "sync_state", "sync_report", "counter"};
  }

  telemetry::CounterFamily& reads;
  telemetry::CounterFamily& writes;
  telemetry::CounterFamily& written_bytes;
};

}  // namespace cloudfolio::cache

#pragma once
// What search counts.

#include "telemetry/metrics.h"

namespace cloudfolio::search {

struct SearchMetrics {
  explicit SearchMetrics(telemetry::MetricRegistry& registry)
      : seconds(registry.histograms(
            "cloudfolio_search_seconds", "Time to answer a query, loading included.",
            {{"mode", {"hybrid", "lexical", "failed"}}}, telemetry::request_seconds_bounds())),
        loads(registry.counters("cloudfolio_search_loads_total",
                                "Portfolios brought into memory, by what was found of their index.",
                                {{"index", {"whole", "partial", "none", "damaged"}}})),
        memory_bytes(registry.gauge("cloudfolio_search_memory_bytes",
                                    "Memory of the portfolios that are kept for queries.")) {}
  telemetry::HistogramFamily& seconds;
  telemetry::CounterFamily& loads;
  telemetry::Gauge& memory_bytes;
};

struct IndexMetrics {
  explicit IndexMetrics(telemetry::MetricRegistry& registry)
      : seconds(registry.histogram("cloudfolio_search_index_seconds", "Time to build an index.",
                                   telemetry::job_seconds_bounds())),
        chunks(registry.counters("cloudfolio_search_index_chunks_total",
                                 "Chunks of built indexes: embedded, or taken over.",
                                 {{"vector", {"embedded", "reused"}}})) {}
  telemetry::Histogram& seconds;
  telemetry::CounterFamily& chunks;
};

}  // namespace cloudfolio::search

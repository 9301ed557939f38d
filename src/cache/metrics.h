#pragma once
// What the cache counts, by kind. Never by tenant: that is tally.h.

#include <string>
#include <vector>

#include "cache/kinds.h"
#include "telemetry/metrics.h"

namespace cloudfolio::cache {

inline std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const KindRow& row : kind_rows()) names.emplace_back(row.name);
  return names;
}

// 10 µs to 10 s: a read from memory's neighbour to one across a bad network.
inline std::vector<double> store_seconds_bounds() {
  return {0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10};
}

struct CacheMetrics {
  explicit CacheMetrics(telemetry::MetricRegistry& registry)
      : reads(registry.counters(
            "cloudfolio_cache_reads_total", "Reads from the store by kind and outcome.",
            {{"kind", kind_names()}, {"outcome", {"hit", "miss", "expired", "corrupt", "error"}}})),
        writes(registry.counters(
            "cloudfolio_cache_writes_total", "Writes to the store by kind and outcome.",
            {{"kind", kind_names()}, {"outcome", {"ok", "conflict", "error"}}})),
        read_bytes(registry.counters("cloudfolio_cache_read_bytes_total",
                                     "Bytes read from the store by kind.",
                                     {{"kind", kind_names()}})),
        written_bytes(registry.counters("cloudfolio_cache_written_bytes_total",
                                        "Bytes written to the store by kind.",
                                        {{"kind", kind_names()}})),
        seconds(registry.histograms("cloudfolio_cache_store_seconds",
                                    "Time of one call to the store, by kind and operation.",
                                    {{"kind", kind_names()}, {"operation", {"read", "write"}}},
                                    store_seconds_bounds())),
        collected(registry.counters("cloudfolio_cache_collected_total",
                                    "Entries that clean-up removed, by kind.",
                                    {{"kind", kind_names()}})),
        collected_bytes(registry.counters("cloudfolio_cache_collected_bytes_total",
                                          "Bytes that clean-up removed, by kind.",
                                          {{"kind", kind_names()}})) {}

  telemetry::CounterFamily& reads;
  telemetry::CounterFamily& writes;
  telemetry::CounterFamily& read_bytes;
  telemetry::CounterFamily& written_bytes;
  telemetry::HistogramFamily& seconds;
  telemetry::CounterFamily& collected;
  telemetry::CounterFamily& collected_bytes;
};

struct TierMetrics {
  explicit TierMetrics(telemetry::MetricRegistry& registry)
      : reads(registry.counters(
            "cloudfolio_cache_tier_reads_total",
            "Reads through the in-process tier by kind and outcome.",
            {{"kind", kind_names()}, {"outcome", {"hit", "missing", "stale", "load", "error"}}})),
        evictions(registry.counter("cloudfolio_cache_tier_evictions_total",
                                   "Entries dropped from the in-process tier for want of room.")),
        bytes(registry.gauge("cloudfolio_cache_tier_bytes", "Memory of the in-process tier.")),
        entries(registry.gauge("cloudfolio_cache_tier_entries",
                               "Entries in the in-process tier, absent ones included.")) {}

  telemetry::CounterFamily& reads;
  telemetry::Counter& evictions;
  telemetry::Gauge& bytes;
  telemetry::Gauge& entries;
};

}  // namespace cloudfolio::cache

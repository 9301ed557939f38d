#pragma once
// Every metric of this room. The flags are a closed list, so they may be a label.

#include "flags/definition.h"
#include "telemetry/metrics.h"

namespace cloudfolio::flags {

struct FlagsMetrics {
  explicit FlagsMetrics(telemetry::MetricRegistry& registry)
      : version(registry.gauge("cloudfolio_flags_version_count",
                               "Version of the flags table that this process runs.")),
        age(registry.gauge("cloudfolio_flags_age_seconds",
                           "Time since this process read the flags table.")),
        reads(registry.counters("cloudfolio_flags_reads_total", "Reads of the flags table.",
                                {{"outcome", {"ok", "failed"}}})),
        share(registry.gauges("cloudfolio_flags_share_ratio",
                              "Share of tenants that a flag is on for.", {flag()})),
        outcomes(registry.counters(
            "cloudfolio_flags_outcomes_total", "Outcomes of work that a flag decided about.",
            {flag(), {"arm", {"off", "on"}}, {"outcome", {"worked", "failed", "not_counted"}}})),
        turned_back(registry.gauges("cloudfolio_flags_turned_back",
                                    "1 while the guard holds a flag off: alert on it.", {flag()})),
        acts(registry.counters("cloudfolio_flags_guard_acts_total", "What the guard did.",
                               {flag(), {"act", {"turn_back", "set_apart", "both_arms"}}})) {}

  static telemetry::Label flag() {
    telemetry::Label label{"flag", {}};
    for (const Definition& definition : definitions()) label.values.emplace_back(definition.name);
    return label;
  }
  telemetry::Gauge& version;
  telemetry::Gauge& age;
  telemetry::CounterFamily& reads;
  telemetry::GaugeFamily& share;
  telemetry::CounterFamily& outcomes;
  telemetry::GaugeFamily& turned_back;
  telemetry::CounterFamily& acts;
};

}  // namespace cloudfolio::flags

#pragma once
// What the embedded engine counts. Labels are the registered names; anything else is "other".

#include "durable/registry.h"
#include "telemetry/metrics.h"

namespace cloudfolio::durable {

struct DurableMetrics {
  DurableMetrics(telemetry::MetricRegistry& registry, const Registry& names);

  telemetry::CounterFamily& started;             // {orchestration}
  telemetry::CounterFamily& ended;               // {orchestration, status}
  telemetry::CounterFamily& stalled;             // {orchestration}
  telemetry::CounterFamily& activities;          // {activity, outcome}
  telemetry::HistogramFamily& activity_seconds;  // {activity}
  telemetry::Histogram& turn_seconds;
  telemetry::Counter& turns;
  telemetry::Counter& replays;
  telemetry::Counter& commits;
  telemetry::Counter& commits_failed;
  telemetry::Histogram& commit_seconds;
  telemetry::Gauge& activities_waiting;
  telemetry::Gauge& instances_in_memory;
  telemetry::Gauge& timers_waiting;
};

}  // namespace cloudfolio::durable

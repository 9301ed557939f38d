#include "durable/embedded/metrics.h"

namespace cloudfolio::durable {
namespace {

const std::vector<std::string> kEndings = {"Completed", "ContinuedAsNew", "Failed", "Terminated"};

// 50 µs to 1 s: what one turn and one commit take.
std::vector<double> turn_bounds() {
  return {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1};
}

}  // namespace

DurableMetrics::DurableMetrics(telemetry::MetricRegistry& registry, const Registry& names)
    : started(registry.counters("cloudfolio_durable_orchestrations_started_total",
                                "Orchestrations started, by name.",
                                {{"orchestration", names.orchestration_names()}})),
      ended(registry.counters(
          "cloudfolio_durable_orchestrations_ended_total", "Executions ended, by name and status.",
          {{"orchestration", names.orchestration_names()}, {"status", kEndings}})),
      stalled(registry.counters("cloudfolio_durable_orchestrations_stalled_total",
                                "Instances that the code running here could not go on with.",
                                {{"orchestration", names.orchestration_names()}})),
      activities(
          registry.counters("cloudfolio_durable_activities_total", "Activity results, by outcome.",
                            {{"activity", names.activity_names()}, {"outcome", {"ok", "error"}}})),
      activity_seconds(registry.histograms(
          "cloudfolio_durable_activity_seconds", "How long activities ran.",
          {{"activity", names.activity_names()}}, telemetry::request_seconds_bounds())),
      turn_seconds(registry.histogram("cloudfolio_durable_turn_seconds",
                                      "One turn of an orchestration, without its commit.",
                                      turn_bounds())),
      turns(registry.counter("cloudfolio_durable_turns_total", "Turns run.")),
      replays(registry.counter("cloudfolio_durable_replays_total",
                               "Turns that had to replay their history first.")),
      commits(registry.counter("cloudfolio_durable_commits_total", "Commits of the log.")),
      commits_failed(registry.counter("cloudfolio_durable_commits_failed_total",
                                      "Commits that the disk refused.")),
      commit_seconds(registry.histogram("cloudfolio_durable_commit_seconds",
                                        "One commit of the log, with its sync.", turn_bounds())),
      activities_waiting(registry.gauge("cloudfolio_durable_activities_waiting_count",
                                        "Activities dispatched and not finished.")),
      instances_in_memory(registry.gauge("cloudfolio_durable_instances_in_memory_count",
                                         "Instances that the scheduler holds in memory.")),
      timers_waiting(registry.gauge("cloudfolio_durable_timers_waiting_count",
                                    "Durable timers that have not fired.")) {}

}  // namespace cloudfolio::durable

#pragma once
// Every metric of this room.

#include "telemetry/metrics.h"

namespace cloudfolio::github {

struct GithubMetrics {
  explicit GithubMetrics(telemetry::MetricRegistry& registry)
      : requests(registry.counters("cloudfolio_github_requests_total",
                                   "Requests to GitHub by resource and outcome.",
                                   {kResource,
                                    {"outcome",
                                     {"ok", "not_modified", "not_found", "refused", "limited",
                                      "failed", "unreachable"}}})),
        points(registry.counters("cloudfolio_github_points_total",
                                 "Points of the primary budgets that were spent.", {kResource})),
        seconds(registry.histograms("cloudfolio_github_request_seconds",
                                    "Time until GitHub's whole answer was there.", {kResource},
                                    telemetry::request_seconds_bounds())),
        budget_remaining(registry.gauges("cloudfolio_github_budget_remaining_points",
                                         "What is left of the primary budget, as GitHub said last.",
                                         {kResource})),
        batch_size(registry.gauges("cloudfolio_github_batch_size_count",
                                   "How much one GraphQL request asks now.",
                                   {{"shape", {"list", "detail", "follow_up"}}})) {}

  inline static const telemetry::Label kResource{"resource", {"core", "graphql"}};
  telemetry::CounterFamily& requests;
  telemetry::CounterFamily& points;
  telemetry::HistogramFamily& seconds;
  telemetry::GaugeFamily& budget_remaining;
  telemetry::GaugeFamily& batch_size;
};

}  // namespace cloudfolio::github

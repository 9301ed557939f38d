#include "telemetry/metrics.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <thread>

namespace cloudfolio::telemetry {
namespace {

TEST(Metrics, the_exposition_is_prometheus_text) {
  MetricRegistry registry;
  registry.counter("cloudfolio_b_total", "Back\\slash and\nnew line.").add(3);
  registry.gauge("cloudfolio_a_bytes", "Bytes held.").set(1.5);
  auto& requests = registry.counters("cloudfolio_requests_total", "Requests.",
                                     {{"route", {"a", "b\"x"}}, {"status", {"200", "404"}}});
  requests.with({"b\"x", "404"}).add(2);
  requests.with({"a", "418"}).add();
  auto& seconds = registry.histogram("cloudfolio_c_seconds", "Time.", {0.1, 1});
  seconds.observe(0.1);
  seconds.observe(0.5);
  seconds.observe(7);
  EXPECT_EQ(registry.to_prometheus(),
            "# HELP cloudfolio_a_bytes Bytes held.\n"
            "# TYPE cloudfolio_a_bytes gauge\n"
            "cloudfolio_a_bytes 1.5\n"
            "# HELP cloudfolio_b_total Back\\\\slash and\\nnew line.\n"
            "# TYPE cloudfolio_b_total counter\n"
            "cloudfolio_b_total 3\n"
            "# HELP cloudfolio_c_seconds Time.\n"
            "# TYPE cloudfolio_c_seconds histogram\n"
            "cloudfolio_c_seconds_bucket{le=\"0.1\"} 1\n"
            "cloudfolio_c_seconds_bucket{le=\"1\"} 2\n"
            "cloudfolio_c_seconds_bucket{le=\"+Inf\"} 3\n"
            "cloudfolio_c_seconds_sum 7.6\n"
            "cloudfolio_c_seconds_count 3\n"
            "# HELP cloudfolio_requests_total Requests.\n"
            "# TYPE cloudfolio_requests_total counter\n"
            "cloudfolio_requests_total{route=\"a\",status=\"other\"} 1\n"
            "cloudfolio_requests_total{route=\"b\\\"x\",status=\"404\"} 2\n");
}

TEST(Metrics, a_value_outside_the_declared_set_never_becomes_a_series) {
  MetricRegistry registry;
  auto& reads = registry.counters("cloudfolio_reads_total", "Reads.", {{"kind", {"bundle"}}});
  for (int tenant = 0; tenant < 1000; ++tenant)
    reads.with({"tenant-" + std::to_string(tenant)}).add();
  EXPECT_EQ(reads.with({"other"}).value(), 1000u);
  EXPECT_EQ(registry.to_prometheus().find("tenant-"), std::string::npos);
}

TEST(Metrics, declaring_a_family_again_returns_the_first) {
  MetricRegistry registry;
  registry.counter("cloudfolio_x_total", "X.").add();
  EXPECT_EQ(registry.counter("cloudfolio_x_total", "X.").value(), 1u);
  EXPECT_DEATH(registry.counter("cloudfolio_x_total", "Y."), "declared twice");
  EXPECT_DEATH(registry.counter("cloudfolio_x", "Counters end in _total."), "cloudfolio_x");
}

TEST(Metrics, increments_of_several_threads_all_count) {
  MetricRegistry registry;
  auto& hits = registry.counters("cloudfolio_hits_total", "Hits.", {{"kind", {"a", "b"}}});
  auto& seconds = registry.histogram("cloudfolio_seconds", "Time.", {1});
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread)
      threads.emplace_back([&] {
        for (int i = 0; i < 10'000; ++i) {
          hits.with({i % 2 == 0 ? "a" : "b"}).add();
          seconds.observe(0.5);
        }
      });
  }
  EXPECT_EQ(hits.with({"a"}).value() + hits.with({"b"}).value(), 40'000u);
  EXPECT_EQ(seconds.count(), 40'000u);
  EXPECT_DOUBLE_EQ(seconds.sum(), 20'000.0);
}

// Prometheus' own checker, where it is installed.
TEST(Metrics, promtool_finds_nothing_to_say) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "missing: promtool (Debian package prometheus)";
  MetricRegistry registry;
  registry.counter("cloudfolio_cache_reads_total", "Reads.").add();
  registry.gauge("cloudfolio_cache_size_bytes", "Size.").set(3);
  registry.histogram("cloudfolio_http_request_seconds", "Time.", request_seconds_bounds())
      .observe(1);
  FILE* promtool = popen("promtool check metrics", "w");
  ASSERT_NE(promtool, nullptr);
  std::fputs(registry.to_prometheus().c_str(), promtool);
  EXPECT_EQ(pclose(promtool), 0);
}

}  // namespace
}  // namespace cloudfolio::telemetry

#pragma once
// Metrics: counters, gauges and histograms with closed label sets, shown as Prometheus text.
//
// A room declares its metrics in one struct, in its metrics.h:
//
//   struct CacheMetrics {
//     explicit CacheMetrics(MetricRegistry& registry)
//         : reads(registry.counters("cloudfolio_cache_reads_total", "Cache reads by kind and
//         outcome.",
//                                   {{"kind", {"bundle", "model"}}, {"outcome", {"hit", "miss"}}}))
//                                   {}
//     CounterFamily& reads;
//   };
//   metrics.reads.with({"bundle", "hit"}).add();
//
// Names: cloudfolio_<room>_<noun>_<unit>; base units (seconds, bytes); counters end in _total.
// Labels: values come from sets declared here; any other value counts as "other", so no tenant and
// no key ever becomes a series. Tenants belong to logs and traces.
//
// Threads: everything is thread-safe; with() and the updates take no lock.
// Lifetime: what the registry returns lives as long as the registry.
// Declaring the same family twice returns the first; declaring it differently is a bug (CF_ENSURE).

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace cloudfolio::telemetry {

// Series that one family may have: the product of its labels' value counts ("other" included).
inline constexpr std::size_t kSeriesPerFamilyMax = 4096;

class Counter {
 public:
  void add(std::uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  void add(double change);
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

class Histogram {
 public:
  // Upper bounds, rising; +Inf is implied.
  explicit Histogram(const std::vector<double>& bounds);
  void observe(double value);
  std::uint64_t count() const;
  double sum() const { return sum_.value(); }
  // Observations at or below bounds[index], not cumulated.
  std::uint64_t in_bucket(std::size_t index) const { return buckets_[index].value(); }

 private:
  const std::vector<double>& bounds_;
  std::vector<Counter> buckets_;
  Gauge sum_;
};

// 1 ms to 60 s: requests and calls.
std::vector<double> request_seconds_bounds();
// 1 s to 1 h: refreshes and trainings.
std::vector<double> job_seconds_bounds();

struct Label {
  std::string name;
  std::vector<std::string> values;
  bool operator==(const Label&) const = default;
};

// What a family is, apart from its numbers.
struct MetricShape {
  enum class Kind { counter, gauge, histogram };
  Kind kind;
  std::string name;
  std::string help;
  std::vector<Label> labels;
  std::vector<double> bounds;
  bool operator==(const MetricShape&) const = default;
};

class MetricFamily {
 public:
  explicit MetricFamily(MetricShape shape);
  virtual ~MetricFamily() = default;
  MetricFamily(const MetricFamily&) = delete;
  MetricFamily& operator=(const MetricFamily&) = delete;
  const MetricShape& shape() const { return shape_; }
  void write(std::string& out) const;

 protected:
  std::size_t index_of(std::initializer_list<std::string_view> values) const;
  std::size_t series_count() const { return series_count_; }
  // `labels` is `a="x",b="y"` or empty.
  virtual void write_series(std::string& out, std::size_t index,
                            const std::string& labels) const = 0;
  virtual bool used(std::size_t index) const = 0;

 private:
  std::string labels_at(std::size_t index) const;
  const MetricShape shape_;
  std::size_t series_count_ = 1;
};

template <class Metric>
class Family final : public MetricFamily {
 public:
  explicit Family(MetricShape shape);
  ~Family() override;
  // One value a label, in the declared order.
  Metric& with(std::initializer_list<std::string_view> values);

 private:
  void write_series(std::string& out, std::size_t index, const std::string& labels) const override;
  bool used(std::size_t index) const override;
  std::vector<std::atomic<Metric*>> series_;
};
using CounterFamily = Family<Counter>;
using GaugeFamily = Family<Gauge>;
using HistogramFamily = Family<Histogram>;

class MetricRegistry {
 public:
  Counter& counter(std::string name, std::string help);
  Gauge& gauge(std::string name, std::string help);
  Histogram& histogram(std::string name, std::string help, std::vector<double> bounds);
  CounterFamily& counters(std::string name, std::string help, std::vector<Label> labels);
  GaugeFamily& gauges(std::string name, std::string help, std::vector<Label> labels);
  HistogramFamily& histograms(std::string name, std::string help, std::vector<Label> labels,
                              std::vector<double> bounds);

  // Prometheus text exposition format 0.0.4, families by name. Of a labelled family the series that
  // were used are shown.
  std::string to_prometheus() const;

 private:
  template <class Metric>
  Family<Metric>& declare(MetricShape shape);

  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<MetricFamily>> families_;
};

}  // namespace cloudfolio::telemetry

#include "base/ensure.h"
#include "telemetry/metrics.h"

namespace cloudfolio::telemetry {

template <class Metric>
Family<Metric>& MetricRegistry::declare(MetricShape shape) {
  const std::lock_guard lock(mutex_);
  auto& family = families_[shape.name];
  if (!family) family = std::make_unique<Family<Metric>>(shape);
  CF_ENSURE(family->shape() == shape, shape.name, "is declared twice, differently");
  return static_cast<Family<Metric>&>(*family);
}

Counter& MetricRegistry::counter(std::string name, std::string help) {
  return counters(std::move(name), std::move(help), {}).with({});
}

Gauge& MetricRegistry::gauge(std::string name, std::string help) {
  return gauges(std::move(name), std::move(help), {}).with({});
}

Histogram& MetricRegistry::histogram(std::string name, std::string help,
                                     std::vector<double> bounds) {
  return histograms(std::move(name), std::move(help), {}, std::move(bounds)).with({});
}

CounterFamily& MetricRegistry::counters(std::string name, std::string help,
                                        std::vector<Label> labels) {
  return declare<Counter>(
      {MetricShape::Kind::counter, std::move(name), std::move(help), std::move(labels), {}});
}

GaugeFamily& MetricRegistry::gauges(std::string name, std::string help, std::vector<Label> labels) {
  return declare<Gauge>(
      {MetricShape::Kind::gauge, std::move(name), std::move(help), std::move(labels), {}});
}

HistogramFamily& MetricRegistry::histograms(std::string name, std::string help,
                                            std::vector<Label> labels, std::vector<double> bounds) {
  return declare<Histogram>({MetricShape::Kind::histogram, std::move(name), std::move(help),
                             std::move(labels), std::move(bounds)});
}

std::string MetricRegistry::to_prometheus() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) family->write(out);
  return out;
}

}  // namespace cloudfolio::telemetry

#include "telemetry/metrics.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/ensure.h"

namespace cloudfolio::telemetry {
namespace {

std::string shown(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "+Inf" : "-Inf";
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return std::string(digits.data(), end);
}

std::string escaped(std::string_view text, std::string_view also) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '\\' || also.find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

std::string sample(std::string_view name, std::string_view labels, const std::string& value) {
  std::string line(name);
  if (!labels.empty()) {
    line += '{';
    line += labels;
    line += '}';
  }
  return line + ' ' + value + '\n';
}

void write_metric(std::string& out, const MetricShape& shape, const std::string& labels,
                  const Counter& counter) {
  out += sample(shape.name, labels, std::to_string(counter.value()));
}

void write_metric(std::string& out, const MetricShape& shape, const std::string& labels,
                  const Gauge& gauge) {
  out += sample(shape.name, labels, shown(gauge.value()));
}

void write_metric(std::string& out, const MetricShape& shape, const std::string& labels,
                  const Histogram& histogram) {
  const std::string comma = labels.empty() ? "" : ",";
  std::uint64_t below = 0;
  for (std::size_t index = 0; index <= shape.bounds.size(); ++index) {
    below += histogram.in_bucket(index);
    const std::string bound =
        index < shape.bounds.size() ? shown(shape.bounds[index]) : std::string("+Inf");
    out += sample(shape.name + "_bucket", labels + comma + "le=\"" + bound + "\"",
                  std::to_string(below));
  }
  out += sample(shape.name + "_sum", labels, shown(histogram.sum()));
  // The cumulated count, so that _count equals the +Inf bucket also while others observe.
  out += sample(shape.name + "_count", labels, std::to_string(below));
}

bool is_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && name[0] >= 'a' && name[0] <= 'z' &&
         std::all_of(name.begin(), name.end(), good);
}

std::string_view type_of(MetricShape::Kind kind) {
  switch (kind) {
    case MetricShape::Kind::counter:
      return "counter";
    case MetricShape::Kind::gauge:
      return "gauge";
    case MetricShape::Kind::histogram:
      return "histogram";
  }
  return "untyped";
}

}  // namespace

void Gauge::add(double change) {
  double before = value_.load(std::memory_order_relaxed);
  while (!value_.compare_exchange_weak(before, before + change, std::memory_order_relaxed)) {
  }
}

Histogram::Histogram(const std::vector<double>& bounds)
    : bounds_(bounds), buckets_(bounds.size() + 1) {}

void Histogram::observe(double value) {
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  buckets_[static_cast<std::size_t>(bucket)].add();
  sum_.add(value);
}

std::uint64_t Histogram::count() const {
  std::uint64_t total = 0;
  for (const Counter& bucket : buckets_) total += bucket.value();
  return total;
}

std::vector<double> request_seconds_bounds() {
  return {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
}

std::vector<double> job_seconds_bounds() {
  return {1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600};
}

MetricFamily::MetricFamily(MetricShape shape) : shape_(std::move(shape)) {
  CF_ENSURE(is_name(shape_.name), shape_.name);
  CF_ENSURE(!shape_.help.empty(), shape_.name);
  CF_ENSURE((shape_.kind == MetricShape::Kind::counter) == shape_.name.ends_with("_total"),
            shape_.name);
  CF_ENSURE(std::is_sorted(shape_.bounds.begin(), shape_.bounds.end()), shape_.name);
  for (const Label& label : shape_.labels) {
    CF_ENSURE(is_name(label.name) && label.name != "le", shape_.name, label.name);
    series_count_ *= label.values.size() + 1;
  }
  CF_ENSURE(series_count_ <= kSeriesPerFamilyMax, shape_.name, series_count_);
}

// Series are numbered by mixed radix over the labels; the last digit of each stands for "other".
std::size_t MetricFamily::index_of(std::initializer_list<std::string_view> values) const {
  CF_ENSURE(values.size() == shape_.labels.size(), shape_.name, values.size());
  std::size_t index = 0;
  auto value = values.begin();
  for (const Label& label : shape_.labels) {
    const auto found = std::find(label.values.begin(), label.values.end(), *value++);
    index =
        index * (label.values.size() + 1) + static_cast<std::size_t>(found - label.values.begin());
  }
  return index;
}

std::string MetricFamily::labels_at(std::size_t index) const {
  std::string out;
  for (std::size_t at = shape_.labels.size(); at-- > 0;) {
    const Label& label = shape_.labels[at];
    const std::size_t digit = index % (label.values.size() + 1);
    index /= label.values.size() + 1;
    const std::string value = digit < label.values.size() ? label.values[digit] : "other";
    out = label.name + "=\"" + escaped(value, "\"") + "\"" + (out.empty() ? "" : ",") + out;
  }
  return out;
}

void MetricFamily::write(std::string& out) const {
  out += "# HELP " + shape_.name + ' ' + escaped(shape_.help, "") + '\n';
  out += "# TYPE " + shape_.name + ' ' + std::string(type_of(shape_.kind)) + '\n';
  for (std::size_t index = 0; index < series_count_; ++index)
    if (used(index)) write_series(out, index, labels_at(index));
}

template <class Metric>
Family<Metric>::Family(MetricShape shape)
    : MetricFamily(std::move(shape)), series_(series_count()) {}

template <class Metric>
Family<Metric>::~Family() {
  for (auto& series : series_) delete series.load();
}

template <class Metric>
Metric& Family<Metric>::with(std::initializer_list<std::string_view> values) {
  std::atomic<Metric*>& series = series_[index_of(values)];
  if (Metric* made = series.load(std::memory_order_acquire)) return *made;
  std::unique_ptr<Metric> fresh;
  if constexpr (std::is_same_v<Metric, Histogram>)
    fresh = std::make_unique<Metric>(MetricFamily::shape().bounds);
  else
    fresh = std::make_unique<Metric>();
  Metric* expected = nullptr;
  if (series.compare_exchange_strong(expected, fresh.get(), std::memory_order_acq_rel))
    return *fresh.release();
  return *expected;  // Another thread was first.
}

template <class Metric>
void Family<Metric>::write_series(std::string& out, std::size_t index,
                                  const std::string& labels) const {
  write_metric(out, shape(), labels, *series_[index].load(std::memory_order_acquire));
}

template <class Metric>
bool Family<Metric>::used(std::size_t index) const {
  return series_[index].load(std::memory_order_acquire) != nullptr;
}

template class Family<Counter>;
template class Family<Gauge>;
template class Family<Histogram>;

}  // namespace cloudfolio::telemetry

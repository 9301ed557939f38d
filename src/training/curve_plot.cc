#include "training/curve_plot.h"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <span>
#include <vector>

namespace cloudfolio::training {
namespace {

constexpr double kWidth = 720;
constexpr double kHeight = 400;
constexpr double kLeft = 60;
constexpr double kRight = 20;
constexpr double kTop = 70;
constexpr double kBottom = 45;
constexpr int kTickCount = 4;
// Of the running mean, as a share of the points.
constexpr std::size_t kSmoothingShare = 20;
constexpr std::size_t kLineColumnsMax = 40;

[[gnu::format(printf, 2, 3)]] void append(std::string& out, const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  out += text;
}

std::vector<double> running_mean(std::span<const double> values) {
  const std::size_t reach = values.size() / kSmoothingShare / 2 + 1;
  std::vector<double> out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t from = i > reach ? i - reach : 0;
    const std::size_t to = std::min(values.size(), i + reach + 1);
    double sum = 0;
    for (std::size_t j = from; j < to; ++j) sum += values[j];
    out.push_back(sum / static_cast<double>(to - from));
  }
  return out;
}

class Chart {
 public:
  Chart(double step_count, double loss_max) : step_count_(step_count), loss_max_(loss_max) {}

  double x(double step) const { return kLeft + (kWidth - kLeft - kRight) * step / step_count_; }
  double y(double loss) const {
    return kHeight - kBottom - (kHeight - kTop - kBottom) * loss / loss_max_;
  }
  void axes(std::string& out) const {
    for (int tick = 0; tick <= kTickCount; ++tick) {
      const double loss = loss_max_ * tick / kTickCount;
      const double step = step_count_ * tick / kTickCount;
      append(out, "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>\n", kLeft, y(loss),
             kWidth - kRight);
      append(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%.2f</text>\n", kLeft - 8,
             y(loss) + 4, loss);
      append(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.0f</text>\n", x(step),
             kHeight - kBottom + 18, step);
    }
    append(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">step</text>\n",
           (kLeft + kWidth - kRight) / 2, kHeight - 8);
  }
  void line(std::string& out, const char* name, std::span<const double> values) const {
    append(out, "<path class=\"%s\" d=\"", name);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double step =
          step_count_ * (static_cast<double>(i) + 0.5) / static_cast<double>(values.size());
      append(out, "%c%.1f %.1f", i == 0 ? 'M' : 'L', x(step), y(std::min(values[i], loss_max_)));
    }
    out += "\"/>\n";
  }

 private:
  double step_count_;
  double loss_max_;
};

// What neighbours share a column.
std::vector<double> columns_of(std::span<const double> losses) {
  const std::size_t count = std::min(losses.size(), kLineColumnsMax);
  std::vector<double> out;
  for (std::size_t column = 0; column < count; ++column) {
    const std::size_t from = column * losses.size() / count;
    const std::size_t to = (column + 1) * losses.size() / count;
    double sum = 0;
    for (std::size_t i = from; i < to; ++i) sum += losses[i];
    out.push_back(sum / static_cast<double>(to - from));
  }
  return out;
}

}  // namespace

std::string curve_line(std::span<const double> losses) {
  static constexpr std::array<const char*, 8> kBlocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const std::vector<double> columns = columns_of(losses);
  if (columns.empty()) return {};
  const double highest = std::max(*std::max_element(columns.begin(), columns.end()), 1e-9);
  std::string out;
  for (const double loss : columns) {
    const double share = std::clamp(loss / highest, 0.0, 1.0);
    out += kBlocks[static_cast<std::size_t>(share * (kBlocks.size() - 1) + 0.5)];
  }
  return out;
}

std::string curve_svg(const TrainingReport& report) {
  std::string out;
  append(out,
         "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
         "aria-label=\"loss over the steps of a training\">\n",
         kWidth, kHeight);
  out +=
      "<style>svg{background:#fff;color:#222}text{font:12px sans-serif;fill:currentColor}"
      ".grid{stroke:currentColor;opacity:.15}.loss,.mean{fill:none;stroke:#2a6fb0}"
      ".loss{opacity:.35}.mean{stroke-width:2}"
      "@media(prefers-color-scheme:dark){svg{background:#1b1b1b;color:#ddd}}</style>\n";
  append(out, "<text x=\"%.0f\" y=\"22\">%s: loss of %zu steps, %zu pairs, %.0f s</text>\n", kLeft,
         report.login.c_str(), report.steps, report.pairs, report.seconds);
  append(out, "<text x=\"%.0f\" y=\"42\">", kLeft);
  if (report.measured()) {
    append(out, "held-out nDCG@10: base %.3f (%.3f–%.3f), tuned %.3f (%.3f–%.3f), ",
           report.base_score, report.base_low, report.base_high, report.tuned_score,
           report.tuned_low, report.tuned_high);
  }
  append(out, "%s</text>\n",
         report.published ? "published" : ("not published: " + report.reason).c_str());
  const auto& losses = report.losses;
  const double highest =
      losses.empty() ? 1.0 : std::max(0.01, *std::max_element(losses.begin(), losses.end()));
  const Chart chart(std::max<double>(1, static_cast<double>(report.steps)), highest * 1.05);
  chart.axes(out);
  if (losses.empty()) {
    append(out, "<text x=\"%.0f\" y=\"%.0f\">no step was made</text>\n", kLeft + 20, kTop + 40);
  } else {
    chart.line(out, "loss", losses);
    chart.line(out, "mean", running_mean(losses));
  }
  out += "</svg>\n";
  return out;
}

}  // namespace cloudfolio::training

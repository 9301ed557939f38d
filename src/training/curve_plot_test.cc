#include "training/curve_plot.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace cloudfolio::training {
namespace {

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(curve_plot, shows_every_point_of_the_curve_and_the_scores) {
  TrainingReport report;
  report.login = "octocat";
  report.steps = 200;
  report.losses = {2.5, 1.25, 1.0, 0.5};
  report.tuned_score = 0.789;
  report.published = true;
  const std::string svg = curve_svg(report);
  EXPECT_EQ(svg.find("<svg "), 0U);
  EXPECT_EQ(svg.substr(svg.size() - 7), "</svg>\n");
  EXPECT_EQ(count_of(svg, "<path class=\"loss\""), 1U);
  const std::size_t from = svg.find("class=\"loss\"");
  const std::string path = svg.substr(from, svg.find("/>", from) - from);
  EXPECT_EQ(count_of(path, "L"), 3U);
  EXPECT_NE(svg.find("0.789"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(curve_plot, of_a_run_without_steps_says_so) {
  TrainingReport report;
  report.reason = "too_little_evidence";
  const std::string svg = curve_svg(report);
  EXPECT_NE(svg.find("no step was made"), std::string::npos);
  EXPECT_NE(svg.find("too_little_evidence"), std::string::npos);
}

TEST(curve_line, is_as_high_as_the_losses_and_never_too_wide) {
  EXPECT_EQ(curve_line({}), "");
  EXPECT_EQ(curve_line(std::vector<double>{2, 1, 0}), "█▅▁");
  EXPECT_EQ(curve_line(std::vector<double>{0, 0}), "▁▁");
  const std::vector<double> many(999, 1.0);
  EXPECT_EQ(count_of(curve_line(many), "█"), 40U);
}

TEST(training_report, is_read_back_as_it_was_written) {
  TrainingReport report;
  report.login = "octocat";
  report.gain_low = -0.25;
  report.gain_high = 0.5;
  report.recipe = "recipe-2";
  report.cost_micros = 1234;
  report.currency = "USD";
  report.losses = {1.5, 0.5};
  const auto read = training_report_from_json(to_json(report));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(to_json(*read), to_json(report));
  EXPECT_EQ(read->cost_micros, 1234U);
  EXPECT_DOUBLE_EQ(read->gain_low, -0.25);
}

}  // namespace
}  // namespace cloudfolio::training

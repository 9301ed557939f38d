#pragma once
// A training's curve as a picture, or as a line of text.

#include <span>
#include <string>

#include "training/training_report.h"

namespace cloudfolio::training {

// An SVG document: the loss over the steps, its running mean, and the scores with their intervals.
// Stands alone, in light and dark. A report without losses gives axes and a line that says so.
std::string curve_svg(const TrainingReport& report);

// The losses as a line of block characters for a terminal: at most 40, each the mean of as many
// neighbours, as high as its share of the highest. "" without losses.
std::string curve_line(std::span<const double> losses);

}  // namespace cloudfolio::training

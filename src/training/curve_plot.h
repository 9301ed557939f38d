#pragma once
// A training's curve as a picture.

#include <string>

#include "training/training_report.h"

namespace cloudfolio::training {

// An SVG document: the loss over the steps, its running mean, and the scores with their intervals.
// Stands alone, in light and dark. A report without losses gives axes and a line that says so.
std::string curve_svg(const TrainingReport& report);

}  // namespace cloudfolio::training

#pragma once
// PCA whitening of a few vectors, as scikit-learn's PCA makes it.

#include <cstddef>
#include <span>
#include <vector>

#include "base/result.h"

namespace cloudfolio::evaluation {

// Centres, projects on the k strongest directions of the fitted rows, k = ⌊0.9 · (min(rows,
// dimension) − 1)⌋, scales each to variance 1, and makes the result unit length. With k = 0 every
// vector becomes empty.
class Whitening {
 public:
  // All rows have one length.
  static Whitening fit(const std::vector<std::vector<float>>& rows);

  std::size_t component_count() const { return components_.size(); }
  std::vector<double> apply(std::span<const float> vector) const;

 private:
  std::vector<double> mean_;
  std::vector<std::vector<double>> components_;  // Each divided by its standard deviation.
};

}  // namespace cloudfolio::evaluation

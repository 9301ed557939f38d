#include "encoder/loss_scaling.h"

#include <algorithm>
#include <cmath>

namespace cloudfolio::encoder {

double scale_to(int exponent, std::span<float> gradient) {
  float largest = 0;
  for (const float value : gradient) largest = std::max(largest, std::abs(value));
  if (!(largest > 0) || !std::isfinite(largest)) return 1.0;
  const double scale = std::ldexp(1.0, exponent - std::ilogb(largest));
  for (float& value : gradient) value = static_cast<float>(value * scale);
  return scale;
}

}  // namespace cloudfolio::encoder

#pragma once
// Keeps the gradients of a step within what fp16 holds.
//
// The gradient of a step's vectors is multiplied by a power of two that brings its largest number
// to a given size; all gradients behind it, being linear in it, grow by the same factor, which the
// optimiser takes out again. The factor follows from the step alone, so that nothing of it has to
// be remembered between steps. A gradient that is not finite even so is computed again, scaled
// less.

#include <span>

namespace cloudfolio::encoder {

// Exponents of the largest number, tried in this order.
inline constexpr int kScaleExponents[] = {10, 4, -2, -8};

// Scales and returns the factor: the largest magnitude is then in [2^exponent, 2^(exponent + 1)).
// 1 where all numbers are zero.
double scale_to(int exponent, std::span<float> gradient);

}  // namespace cloudfolio::encoder

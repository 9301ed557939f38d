#pragma once
// Products of fp32 rows with weights of 8 bits, for vectors of texts where a little quality may be
// given for speed and memory. Only where int8_kernels() exist.
//
// A weight matrix has a scale for each output; a row of activations gets its own scale and offset
// when it is multiplied. Sums are exact.

#include <cstddef>

#include "encoder/buffer.h"
#include "encoder/kernels.h"

namespace cloudfolio::encoder {

class Int8Weight {
 public:
  void pack(std::size_t outputs, std::size_t inputs, const float* weight);
  // y [rows, outputs] = x [rows, inputs]·Wᵀ + bias. `scratch` grows as needed.
  void multiply(const float* bias, const float* x, std::size_t rows, float* y,
                Buffer& scratch) const;

 private:
  std::size_t outputs_ = 0;
  std::size_t inputs_ = 0;
  Array<std::int8_t> panels_;
  Array<float> scales_;
  Array<float> sums_;
};

}  // namespace cloudfolio::encoder

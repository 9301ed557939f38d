#include "encoder/int8_products.h"

namespace cloudfolio::encoder {

void Int8Weight::pack(std::size_t outputs, std::size_t inputs, const float* weight) {
  outputs_ = outputs;
  inputs_ = inputs;
  panels_.reserve((outputs + kPanelWidth - 1) / kPanelWidth * kPanelWidth * inputs);
  scales_.reserve(outputs);
  sums_.reserve(outputs);
  int8_kernels()->pack(weight, outputs, inputs, {panels_.data(), scales_.data(), sums_.data()});
}

void Int8Weight::multiply(const float* bias, const float* x, std::size_t rows, float* y,
                          Buffer& scratch) const {
  const Int8Kernels& k = *int8_kernels();
  scratch.reserve(k.scratch_bytes(inputs_));
  k.multiply({x,
              rows,
              inputs_,
              outputs_,
              {panels_.data(), scales_.data(), sums_.data()},
              bias,
              y,
              reinterpret_cast<std::uint8_t*>(scratch.data())});
}

}  // namespace cloudfolio::encoder

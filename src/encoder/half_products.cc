#include "encoder/half_products.h"

namespace cloudfolio::encoder {

void HalfWeight::pack(std::size_t outputs, std::size_t inputs, const float* weight) {
  outputs_ = outputs;
  inputs_ = inputs;
  if (placed_ == nullptr) panels_.reserve(number_count(outputs, inputs));
  half_kernels()->pack(weight, outputs, inputs, data());
}

void HalfWeight::multiply(const float* bias, const float* x, std::size_t rows, float* y,
                          Buffer& scratch) const {
  const HalfKernels& k = *half_kernels();
  scratch.reserve(k.scratch(rows, inputs_) * sizeof(std::uint16_t));
  k.multiply({x, rows, inputs_, outputs_, data(), bias, y,
              reinterpret_cast<std::uint16_t*>(scratch.data())});
}

HalfTiles HalfWeight::tiles(std::size_t first_output, std::size_t outputs, std::size_t first_input,
                            std::size_t inputs) const {
  HalfTiles tiles{};
  tiles.panels = panels(first_output, first_input);
  tiles.panel_step = kPanelWidth * inputs_;
  tiles.outputs = outputs;
  tiles.inputs = inputs;
  return tiles;
}

}  // namespace cloudfolio::encoder

#include "encoder/half_products.h"

#include "encoder/companion.h"

namespace cloudfolio::encoder {
namespace {

// Of a product that two threads share: enough that both end at about the same time.
constexpr std::size_t kPieceCount = 8;

}  // namespace

void HalfWeight::pack(std::size_t outputs, std::size_t inputs, const float* weight) {
  outputs_ = outputs;
  inputs_ = inputs;
  panels_.reserve((outputs + kPanelWidth - 1) / kPanelWidth * kPanelWidth * inputs);
  half_kernels()->pack(weight, outputs, inputs, panels_.data());
}

void HalfWeight::multiply(const float* bias, const float* x, std::size_t rows, float* y,
                          Buffer& scratch, Companion* companion) const {
  const HalfKernels& k = *half_kernels();
  scratch.reserve(k.scratch(rows, inputs_) * sizeof(std::uint16_t));
  const HalfProduct product{x,
                            rows,
                            inputs_,
                            outputs_,
                            panels_.data(),
                            bias,
                            y,
                            reinterpret_cast<std::uint16_t*>(scratch.data())};
  if (companion == nullptr || rows > kHalfRows) {
    k.multiply(product);
    return;
  }
  k.convert(product);
  const std::size_t panel_count = (outputs_ + kPanelWidth - 1) / kPanelWidth;
  const std::size_t a_piece = (panel_count + kPieceCount - 1) / kPieceCount;
  companion->run((panel_count + a_piece - 1) / a_piece,
                 [&](std::size_t i) { k.multiply_panels(product, i * a_piece, a_piece); });
}

}  // namespace cloudfolio::encoder

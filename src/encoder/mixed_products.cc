#include "encoder/mixed_products.h"

#include "base/ensure.h"

namespace cloudfolio::encoder {
namespace {

std::size_t panel_numbers(std::size_t inner, std::size_t columns) {
  return (columns + kPanelWidth - 1) / kPanelWidth * kPanelWidth * inner;
}

}  // namespace

PackedWeight<Half>::PackedWeight(LayerSize size, Directions directions, ProductsBy by)
    : size_(size), directions_(directions), forward_(panel_numbers(size.inputs, size.outputs)) {
  CF_ENSURE(by == ProductsBy::fastest && mixed_kernels() != nullptr);
  if (directions == Directions::both) {
    backward_.reserve(panel_numbers(size.outputs, size.inputs));
  }
}

void PackedWeight<Half>::pack(const float* weight, Array<Half>&) {
  const MixedKernels& k = *mixed_kernels();
  k.pack_columns(weight, size_.inputs, size_.outputs, forward_.data());
  if (directions_ == Directions::both) {
    k.pack_rows(weight, size_.outputs, size_.inputs, backward_.data());
  }
}

Products<Half>::Products(ProductsBy by) {
  CF_ENSURE(by == ProductsBy::fastest);
}

void Products<Half>::forward(const PackedWeight<Half>& w, const float* bias, const Half* x,
                             std::size_t rows, Half* y) {
  mixed_kernels()->multiply(
      {x, rows, w.size_.inputs, w.size_.outputs, w.forward_.data(), bias, y, nullptr});
}

void Products<Half>::forward_wide(const PackedWeight<Half>& w, const float* bias, const Half* x,
                                  std::size_t rows, float* y) {
  mixed_kernels()->multiply(
      {x, rows, w.size_.inputs, w.size_.outputs, w.forward_.data(), bias, nullptr, y});
}

void Products<Half>::backward(const PackedWeight<Half>& w, const Half* dy, std::size_t rows,
                              Half* dx) {
  mixed_kernels()->multiply(
      {dy, rows, w.size_.outputs, w.size_.inputs, w.backward_.data(), nullptr, dx, nullptr});
}

void Products<Half>::backward_wide(const PackedWeight<Half>& w, const Half* dy, std::size_t rows,
                                   float* dx) {
  mixed_kernels()->multiply(
      {dy, rows, w.size_.outputs, w.size_.inputs, w.backward_.data(), nullptr, nullptr, dx});
}

void Products<Half>::weight_gradient(LayerSize size, const Half* dy, const Half* x,
                                     std::size_t rows, Sum sum, float* d_weight, float* d_bias) {
  const MixedKernels& k = *mixed_kernels();
  scratch_.reserve(k.gradient_scratch(size.outputs, size.inputs));
  k.multiply_gradient(
      {dy, x, rows, size.outputs, size.inputs, d_weight, d_bias, sum, scratch_.data()});
}

}  // namespace cloudfolio::encoder

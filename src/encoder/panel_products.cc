#include "encoder/panel_products.h"

#include "encoder/products.h"

namespace cloudfolio::encoder {

void PanelWeight::pack(LayerSize size, const float* weight) {
  plain = weight;
  if (!kept) return;
  panels.reserve(size.outputs * size.inputs);
  product_kernels()->pack_columns(weight, size.inputs, size.inputs, size.outputs, panels.data());
}

void PanelProducts::forward(LayerSize size, const PanelWeight& weight, const float* bias,
                            const float* x, std::size_t rows, float* y) {
  const ProductKernels& k = *product_kernels();
  const float* panels = weight.panels.data();
  if (!weight.kept) {
    scratch_.reserve(size.outputs * size.inputs);
    k.pack_columns(weight.plain, size.inputs, size.inputs, size.outputs, scratch_.data());
    panels = scratch_.data();
  }
  k.multiply({x, panels, bias, rows, size.inputs, size.outputs, y});
}

void PanelProducts::backward(LayerSize size, const PanelWeight& weight, const float* dy,
                             std::size_t rows, float* dx) {
  const ProductKernels& k = *product_kernels();
  scratch_.reserve(size.outputs * size.inputs);
  k.pack_rows(weight.plain, size.inputs, size.outputs, size.inputs, scratch_.data());
  k.multiply({dy, scratch_.data(), nullptr, rows, size.outputs, size.inputs, dx});
}

void PanelProducts::weight_gradient(LayerSize size, const float* dy, const float* x,
                                    std::size_t rows, Sum sum, float* d_weight) {
  const ProductKernels& k = *product_kernels();
  scratch_.reserve(k.gradient_scratch(size.outputs, size.inputs));
  k.multiply_gradient({dy, x, rows, size.outputs, size.inputs, d_weight, sum, scratch_.data()});
}

}  // namespace cloudfolio::encoder

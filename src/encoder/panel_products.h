#pragma once
// Matrix products in fp32 by the kernels of this project, where the processor has them: the same
// three products as products.h, which picks between these and oneDNN's.
//
// A weight that is used once or twice between changes (training) is packed on the way, in scratch:
// for some hundred rows that costs 2 % and saves keeping two copies of every matrix.

#include <cstddef>

#include "encoder/buffer.h"
#include "encoder/kernels.h"

namespace cloudfolio::encoder {

struct LayerSize;

// W [outputs, inputs] of a layer: borrowed, with panels for forward products if kept.
struct PanelWeight {
  const float* plain = nullptr;
  Array<float> panels;
  bool kept = false;

  void pack(LayerSize size, const float* weight);
};

// One a worker; one thread at a time. Needs product_kernels().
class PanelProducts {
 public:
  void forward(LayerSize size, const PanelWeight& weight, const float* bias, const float* x,
               std::size_t rows, float* y);
  void backward(LayerSize size, const PanelWeight& weight, const float* dy, std::size_t rows,
                float* dx);
  void weight_gradient(LayerSize size, const float* dy, const float* x, std::size_t rows, Sum sum,
                       float* d_weight);

 private:
  Array<float> scratch_;
};

}  // namespace cloudfolio::encoder

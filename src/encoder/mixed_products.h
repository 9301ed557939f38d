#pragma once
// Products of training in fp16: as products.h has them, of numbers in fp16 that are summed in fp32
// every 192 products. Needs mixed_kernels().
//
// Weights are rounded from fp32 at each pack(). Rows of x and dy must be readable up to the next
// multiple of kHalfTileRows. Results beyond 65,504 are infinite; the trainer scales gradients so
// that they neither reach that nor vanish, and refuses what is not finite.

#include <cstddef>

#include "encoder/buffer.h"
#include "encoder/half.h"
#include "encoder/kernels.h"
#include "encoder/products.h"

namespace cloudfolio::encoder {

template <>
class PackedWeight<Half> {
 public:
  PackedWeight(LayerSize size, Directions directions, ProductsBy by = ProductsBy::fastest);

  void pack(const float* weight, Array<Half>& scratch);
  LayerSize size() const { return size_; }

 private:
  template <class>
  friend class Products;
  LayerSize size_;
  Directions directions_;
  Array<Half> forward_;
  Array<Half> backward_;
};

template <>
class Products<Half> {
 public:
  explicit Products(ProductsBy by = ProductsBy::fastest);

  void forward(const PackedWeight<Half>& weight, const float* bias, const Half* x, std::size_t rows,
               Half* y);
  void forward_wide(const PackedWeight<Half>& weight, const float* bias, const Half* x,
                    std::size_t rows, float* y);
  void backward(const PackedWeight<Half>& weight, const Half* dy, std::size_t rows, Half* dx);
  void backward_wide(const PackedWeight<Half>& weight, const Half* dy, std::size_t rows, float* dx);
  void weight_gradient(LayerSize size, const Half* dy, const Half* x, std::size_t rows, Sum sum,
                       float* d_weight, float* d_bias);

 private:
  Array<Half> scratch_;
};

}  // namespace cloudfolio::encoder

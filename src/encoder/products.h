#pragma once
// Matrix products of a linear layer, forward and backward: in bf16 by oneDNN, in fp32 by the
// project's own kernels where the processor has AVX-512 (panel_products.h) and by oneDNN elsewhere,
// in fp16 by the project's own (mixed_products.h).
//
// With oneDNN, weights are packed once in the layout that it prefers; primitives are made once for
// each shape and kept, as is their scratch memory. Everything runs on the calling thread (OneThread
// must be in scope).
//
// Errors: dnnl::error is thrown; embedder.cc and trainer.cc turn it into an Error.

#include <cstddef>
#include <memory>

#include "encoder/bf16.h"
#include "encoder/buffer.h"
#include "encoder/kernels.h"

namespace cloudfolio::encoder {

// While it lives, oneDNN's OpenMP uses the calling thread alone.
class OneThread {
 public:
  OneThread();
  ~OneThread();
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

class HalfWeight;

enum class Directions { forward, both };

// Whose products: the fastest that there are for the type, or oneDNN's (tests compare the two). A
// weight and the products it is used by agree. int8, fp16: only forward, only where there are
// int8_kernels() or half_kernels().
enum class ProductsBy { fastest, onednn, int8, fp16 };

// y = x·Wᵀ + b with W [outputs, inputs].
struct LayerSize {
  std::size_t outputs = 0;
  std::size_t inputs = 0;
};

template <class T>
class PackedWeight {
 public:
  PackedWeight(LayerSize size, Directions directions, ProductsBy by = ProductsBy::fastest);
  ~PackedWeight();
  PackedWeight(PackedWeight&&) noexcept;

  // From row-major fp32, which stays where it is until the next call. The same memory is written
  // again at each call. `scratch` grows as needed.
  void pack(const float* weight, Array<T>& scratch);
  LayerSize size() const { return size_; }
  // Null but for ProductsBy::fp16.
  const HalfWeight* half() const;
  HalfWeight* half();

 private:
  template <class>
  friend class Products;
  struct State;
  LayerSize size_;
  std::unique_ptr<State> state_;
};

// One a worker; one thread at a time.
template <class T>
class Products {
 public:
  explicit Products(ProductsBy by = ProductsBy::fastest);
  ~Products();
  Products(Products&&) noexcept;

  // y [rows, outputs] = x [rows, inputs]·Wᵀ + bias
  void forward(const PackedWeight<T>& weight, const float* bias, const T* x, std::size_t rows,
               T* y);
  void forward_wide(const PackedWeight<T>& weight, const float* bias, const T* x, std::size_t rows,
                    float* y);
  // dx [rows, inputs] = dy [rows, outputs]·W
  void backward(const PackedWeight<T>& weight, const T* dy, std::size_t rows, T* dx);
  void backward_wide(const PackedWeight<T>& weight, const T* dy, std::size_t rows, float* dx);
  // d_weight (+)= dyᵀ·x, d_bias (+)= sums of dy's columns.
  void weight_gradient(LayerSize size, const T* dy, const T* x, std::size_t rows, Sum sum,
                       float* d_weight, float* d_bias);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

extern template class PackedWeight<float>;
extern template class PackedWeight<Bf16>;
extern template class Products<float>;
extern template class Products<Bf16>;

}  // namespace cloudfolio::encoder

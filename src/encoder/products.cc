#include "encoder/products.h"

#include <map>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "encoder/half_products.h"
#include "encoder/int8_products.h"
#include "encoder/kernels.h"
#include "encoder/panel_products.h"

extern "C" {
int omp_get_max_threads(void);
void omp_set_num_threads(int count);
}

namespace cloudfolio::encoder {
namespace {

using dnnl::memory;
using Dims = memory::dims;
using Tag = memory::format_tag;

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

template <class T>
constexpr memory::data_type kType =
    std::is_same_v<T, float> ? memory::data_type::f32 : memory::data_type::bf16;

memory::dim dim(std::size_t extent) {
  return static_cast<memory::dim>(extent);
}

// Rows for which the preferred layout is asked; oneDNN prefers the same for 16 to 4,096.
constexpr std::size_t kUsualRows = 512;

dnnl::primitive_attr own_scratch() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

struct MatmulShape {
  std::size_t rows, inner, columns;
  memory::data_type operand, result;
  bool bias;
};

dnnl::matmul::primitive_desc describe(const MatmulShape& s, const memory::desc& weights) {
  const memory::desc source({dim(s.rows), dim(s.inner)}, s.operand, Tag::ab);
  const memory::desc result({dim(s.rows), dim(s.columns)}, s.result, Tag::ab);
  if (!s.bias) {
    return {dnnl::matmul::desc(source, weights, result), own_scratch(), engine()};
  }
  const memory::desc bias({1, dim(s.columns)}, memory::data_type::f32, Tag::ab);
  return {dnnl::matmul::desc(source, weights, bias, result), own_scratch(), engine()};
}

memory::desc preferred_weights(std::size_t inner, std::size_t columns, memory::data_type type) {
  const MatmulShape shape{kUsualRows, inner, columns, type, type, false};
  return describe(shape, memory::desc({dim(inner), dim(columns)}, type, Tag::any)).weights_desc();
}

// A primitive with its memory objects: executing it sets pointers and allocates nothing.
struct Ready {
  dnnl::primitive primitive;
  std::unordered_map<int, memory> arguments;

  void bind(int argument, const memory::desc& desc) {
    arguments.emplace(argument, memory(desc, engine(), nullptr));
  }
  void set(int argument, const void* data) {
    arguments.at(argument).set_data_handle(const_cast<void*>(data));
  }
};

enum class Kind { forward, forward_wide, backward, backward_wide, weight_gradient };

template <class T>
bool has_panels(ProductsBy by) {
  return std::is_same_v<T, float> && by == ProductsBy::fastest && product_kernels() != nullptr;
}

}  // namespace

OneThread::OneThread() : before_(omp_get_max_threads()) {
  omp_set_num_threads(1);
}
OneThread::~OneThread() {
  omp_set_num_threads(before_);
}

template <class T>
struct PackedWeight<T>::State {
  // One packed orientation: W seen as [inner, columns].
  struct Packed {
    memory::desc desc;
    Buffer buffer;
    dnnl::reorder reorder;
    memory plain;
    memory packed;
  };
  dnnl::stream stream{engine()};
  Packed forward, backward;
  Directions directions;
  // Instead of the packed ones.
  std::optional<PanelWeight> panels;
  std::optional<Int8Weight> int8;
  std::optional<HalfWeight> half;

  void prepare(Packed& p, std::size_t inner, std::size_t columns, Tag plain_tag) {
    p.desc = preferred_weights(inner, columns, kType<T>);
    p.buffer.reserve(p.desc.get_size());
    p.packed = memory(p.desc, engine(), p.buffer.data());
    p.plain = memory({{dim(inner), dim(columns)}, kType<T>, plain_tag}, engine(), nullptr);
    p.reorder = dnnl::reorder(p.plain, p.packed);
  }
};

template <class T>
PackedWeight<T>::PackedWeight(LayerSize size, Directions directions, ProductsBy by)
    : size_(size), state_(std::make_unique<State>()) {
  if (by == ProductsBy::int8) {
    state_->int8.emplace();
    return;
  }
  if (by == ProductsBy::fp16) {
    state_->half.emplace();
    return;
  }
  if (has_panels<T>(by)) {
    state_->panels.emplace().kept = directions == Directions::forward;
    return;
  }
  const OneThread alone;  // A reorder keeps the number of threads that it was made with.
  state_->directions = directions;
  state_->prepare(state_->forward, size.inputs, size.outputs, Tag::ba);
  if (directions == Directions::both) {
    state_->prepare(state_->backward, size.outputs, size.inputs, Tag::ab);
  }
}

template <class T>
PackedWeight<T>::~PackedWeight() = default;
template <class T>
PackedWeight<T>::PackedWeight(PackedWeight&&) noexcept = default;

template <class T>
void PackedWeight<T>::pack(const float* weight, Array<T>& scratch) {
  State& s = *state_;
  if (s.int8) {
    s.int8->pack(size_.outputs, size_.inputs, weight);
    return;
  }
  if (s.half) {
    s.half->pack(size_.outputs, size_.inputs, weight);
    return;
  }
  if (s.panels) {
    s.panels->pack(size_, weight);
    return;
  }
  const void* plain = weight;
  if constexpr (!std::is_same_v<T, float>) {
    const std::size_t count = size_.outputs * size_.inputs;
    scratch.reserve(count);
    kernels<T>().convert(weight, scratch.data(), count);
    plain = scratch.data();
  }
  const auto reorder = [&](auto& p) {
    p.plain.set_data_handle(const_cast<void*>(plain));
    p.reorder.execute(s.stream, p.plain, p.packed);
  };
  reorder(s.forward);
  if (s.directions == Directions::both) reorder(s.backward);
}

template <class T>
const HalfWeight* PackedWeight<T>::half() const {
  return state_->half ? &*state_->half : nullptr;
}
template <class T>
HalfWeight* PackedWeight<T>::half() {
  return state_->half ? &*state_->half : nullptr;
}

template <class T>
struct Products<T>::State {
  using Key = std::tuple<Kind, std::size_t, std::size_t, std::size_t>;
  dnnl::stream stream{engine()};
  std::map<Key, Ready> ready;
  Buffer scratch;
  Array<float> d_weight;  // Of one product, before it is added.
  std::optional<PanelProducts> panels;

  template <class Make>
  Ready& find(Kind kind, LayerSize size, std::size_t rows, Make make) {
    const Key key{kind, size.outputs, size.inputs, rows};
    const auto found = ready.find(key);
    if (found != ready.end()) return found->second;
    return ready.emplace(key, make()).first->second;
  }

  Ready& gradient_product(LayerSize size, std::size_t rows);
  Ready& gradient_inner_product(LayerSize size, std::size_t rows);

  void bind_scratch(Ready& r, const memory::desc& desc) {
    if (desc.get_size() > 0) r.bind(DNNL_ARG_SCRATCHPAD, desc);
  }

  void run(Ready& r) {
    const auto scratchpad = r.arguments.find(DNNL_ARG_SCRATCHPAD);
    if (scratchpad != r.arguments.end()) {
      scratch.reserve(scratchpad->second.get_desc().get_size());
      scratchpad->second.set_data_handle(scratch.data());
    }
    r.primitive.execute(stream, r.arguments);
  }

  void multiply(Kind kind, LayerSize size, const MatmulShape& shape, const memory::desc& weights,
                const void* packed, const float* bias, const void* x, void* y) {
    Ready& r = find(kind, size, shape.rows, [&] {
      const auto desc = describe(shape, weights);
      Ready made{dnnl::matmul(desc), {}};
      made.bind(DNNL_ARG_SRC, desc.src_desc());
      made.bind(DNNL_ARG_WEIGHTS, desc.weights_desc());
      made.bind(DNNL_ARG_DST, desc.dst_desc());
      if (shape.bias) made.bind(DNNL_ARG_BIAS, desc.bias_desc());
      bind_scratch(made, desc.scratchpad_desc());
      return made;
    });
    r.set(DNNL_ARG_SRC, x);
    r.set(DNNL_ARG_WEIGHTS, packed);
    r.set(DNNL_ARG_DST, y);
    if (shape.bias) r.set(DNNL_ARG_BIAS, bias);
    run(r);
  }
};

template <class T>
Products<T>::Products(ProductsBy by) : state_(std::make_unique<State>()) {
  if (has_panels<T>(by)) state_->panels.emplace();
}
template <class T>
Products<T>::~Products() = default;
template <class T>
Products<T>::Products(Products&&) noexcept = default;

template <class T>
void Products<T>::forward(const PackedWeight<T>& w, const float* bias, const T* x, std::size_t rows,
                          T* y) {
  if constexpr (std::is_same_v<T, float>) {
    if (w.state_->int8) {
      w.state_->int8->multiply(bias, x, rows, y, state_->scratch);
      return;
    }
    if (w.state_->half) {
      w.state_->half->multiply(bias, x, rows, y, state_->scratch);
      return;
    }
    if (state_->panels) {
      state_->panels->forward(w.size_, *w.state_->panels, bias, x, rows, y);
      return;
    }
  }
  const MatmulShape shape{rows, w.size_.inputs, w.size_.outputs, kType<T>, kType<T>, true};
  state_->multiply(Kind::forward, w.size_, shape, w.state_->forward.desc,
                   w.state_->forward.buffer.data(), bias, x, y);
}

template <class T>
void Products<T>::forward_wide(const PackedWeight<T>& w, const float* bias, const T* x,
                               std::size_t rows, float* y) {
  if constexpr (std::is_same_v<T, float>) {
    if (w.state_->int8) {
      w.state_->int8->multiply(bias, x, rows, y, state_->scratch);
      return;
    }
    if (w.state_->half) {
      w.state_->half->multiply(bias, x, rows, y, state_->scratch);
      return;
    }
    if (state_->panels) {
      state_->panels->forward(w.size_, *w.state_->panels, bias, x, rows, y);
      return;
    }
  }
  const MatmulShape shape{rows, w.size_.inputs, w.size_.outputs, kType<T>, kType<float>, true};
  state_->multiply(Kind::forward_wide, w.size_, shape, w.state_->forward.desc,
                   w.state_->forward.buffer.data(), bias, x, y);
}

template <class T>
void Products<T>::backward(const PackedWeight<T>& w, const T* dy, std::size_t rows, T* dx) {
  if constexpr (std::is_same_v<T, float>) {
    if (state_->panels) {
      state_->panels->backward(w.size_, *w.state_->panels, dy, rows, dx);
      return;
    }
  }
  const MatmulShape shape{rows, w.size_.outputs, w.size_.inputs, kType<T>, kType<T>, false};
  state_->multiply(Kind::backward, w.size_, shape, w.state_->backward.desc,
                   w.state_->backward.buffer.data(), nullptr, dy, dx);
}

template <class T>
void Products<T>::backward_wide(const PackedWeight<T>& w, const T* dy, std::size_t rows,
                                float* dx) {
  if constexpr (std::is_same_v<T, float>) {
    if (state_->panels) {
      state_->panels->backward(w.size_, *w.state_->panels, dy, rows, dx);
      return;
    }
  }
  const MatmulShape shape{rows, w.size_.outputs, w.size_.inputs, kType<T>, kType<float>, false};
  state_->multiply(Kind::backward_wide, w.size_, shape, w.state_->backward.desc,
                   w.state_->backward.buffer.data(), nullptr, dy, dx);
}

// In fp32 as a product of the transposed rows: oneDNN's inner product falls to its older GEMM
// there, which is slower by a quarter and allocates at each call.
template <class T>
Ready& Products<T>::State::gradient_product(LayerSize size, std::size_t rows) {
  return find(Kind::weight_gradient, size, rows, [&] {
    constexpr auto f32 = memory::data_type::f32;
    const memory::desc transposed({dim(size.outputs), dim(rows)}, f32, Tag::ba);
    const memory::desc operand({dim(rows), dim(size.inputs)}, f32, Tag::ab);
    const memory::desc result({dim(size.outputs), dim(size.inputs)}, f32, Tag::ab);
    const dnnl::matmul::primitive_desc desc(dnnl::matmul::desc(transposed, operand, result),
                                            own_scratch(), engine());
    Ready made{dnnl::matmul(desc), {}};
    made.bind(DNNL_ARG_SRC, desc.src_desc());
    made.bind(DNNL_ARG_WEIGHTS, desc.weights_desc());
    made.bind(DNNL_ARG_DST, desc.dst_desc());
    bind_scratch(made, desc.scratchpad_desc());
    return made;
  });
}

// In bf16 as oneDNN's inner product, which needs no transposed copy.
template <class T>
Ready& Products<T>::State::gradient_inner_product(LayerSize size, std::size_t rows) {
  return find(Kind::weight_gradient, size, rows, [&] {
    using Forward = dnnl::inner_product_forward;
    using Backward = dnnl::inner_product_backward_weights;
    constexpr auto f32 = memory::data_type::f32;
    const memory::desc source({dim(rows), dim(size.inputs)}, kType<T>, Tag::ab);
    const memory::desc result({dim(rows), dim(size.outputs)}, kType<T>, Tag::ab);
    // The hint must be a forward pass with weights of the operands' type.
    const memory::desc hinted({dim(size.outputs), dim(size.inputs)}, kType<T>, Tag::ab);
    const memory::desc weights({dim(size.outputs), dim(size.inputs)}, f32, Tag::ab);
    const Forward::primitive_desc hint(
        Forward::desc(dnnl::prop_kind::forward_training, source, hinted, result), engine());
    const Backward::primitive_desc desc(Backward::desc(source, weights, result), own_scratch(),
                                        engine(), hint);
    Ready made{Backward(desc), {}};
    made.bind(DNNL_ARG_SRC, desc.src_desc());
    made.bind(DNNL_ARG_DIFF_DST, desc.diff_dst_desc());
    made.bind(DNNL_ARG_DIFF_WEIGHTS, desc.diff_weights_desc());
    bind_scratch(made, desc.scratchpad_desc());
    return made;
  });
}

template <class T>
void Products<T>::weight_gradient(LayerSize size, const T* dy, const T* x, std::size_t rows,
                                  Sum sum, float* d_weight, float* d_bias) {
  kernels<T>().sum_columns(dy, rows, size.outputs, sum, d_bias);
  if constexpr (std::is_same_v<T, float>) {
    if (state_->panels) {
      state_->panels->weight_gradient(size, dy, x, rows, sum, d_weight);
      return;
    }
  }
  const std::size_t count = size.outputs * size.inputs;
  float* total = d_weight;
  if (sum == Sum::onto) {
    state_->d_weight.reserve(count);
    d_weight = state_->d_weight.data();
  }
  if constexpr (std::is_same_v<T, float>) {
    Ready& r = state_->gradient_product(size, rows);
    r.set(DNNL_ARG_SRC, dy);
    r.set(DNNL_ARG_WEIGHTS, x);
    r.set(DNNL_ARG_DST, d_weight);
    state_->run(r);
  } else {
    Ready& r = state_->gradient_inner_product(size, rows);
    r.set(DNNL_ARG_SRC, x);
    r.set(DNNL_ARG_DIFF_DST, dy);
    r.set(DNNL_ARG_DIFF_WEIGHTS, d_weight);
    state_->run(r);
  }
  if (sum == Sum::onto) float_kernels().add(total, d_weight, count);
}

template class PackedWeight<float>;
template class PackedWeight<Bf16>;
template class Products<float>;
template class Products<Bf16>;

}  // namespace cloudfolio::encoder

#pragma once
// The element-wise and attention kernels of the encoder, one set for each kind of processor.
//
// Matrix products are oneDNN's (products.h); what is between them is here: short loops over rows
// that stay in cache. The same source (kernels/*.inc) is compiled for AVX-512, for AVX2 and for any
// x86-64, and the set is chosen once, at run time.
//
// T is the type of stored activations: float, Bf16 or Half. Sums are always fp32. Row-major
// throughout; a width is a multiple of 16, a head has 32 or 64 elements.

#include <cstddef>
#include <cstdint>

#include "encoder/bf16.h"
#include "encoder/half.h"

namespace cloudfolio::encoder {

// Which elements of an activation are dropped: element e of a sequence's part is kept where
// hash(key, e) ≥ threshold. A threshold of 0 keeps all.
struct DropoutMask {
  std::uint32_t key = 0;
  std::uint32_t threshold = 0;
  float scale = 1.0F;  // 1/(1 − p)
};

// Whether a result replaces what was there or is added to it.
enum class Sum { fresh, onto };

// One sequence of a packed batch: rows [first, first + count) of every activation.
struct SequenceRows {
  std::size_t first = 0;
  std::size_t count = 0;
  DropoutMask mask;  // The key is this sequence's own, for the layer at hand.
};

struct AttentionShape {
  std::size_t head_count = 0;
  std::size_t head_size = 0;
  std::size_t hidden() const { return head_count * head_size; }
};

// AdamW's constants of one step.
struct AdamStep {
  float beta1, beta2, epsilon;
  float gradient_scale;   // Clipping.
  float rate;             // Learning rate / (1 − beta1^t)
  float root_correction;  // 1 / √(1 − beta2^t)
  float decay_factor;     // 1 − learning rate · weight decay
};

template <class T>
struct Kernels {
  // out[i] = LayerNorm(word[ids[i]] + position[i] + type), then dropout; keeps the normalised row
  // and 1/σ where `normal` is not null.
  struct EmbedArguments {
    const std::int32_t* ids;
    const float* word;
    const float* position;
    const float* type;
    const float* norm_weight;
    const float* norm_bias;
    float epsilon;
    std::size_t width;
    T* out;
    T* normal;
    float* inverse_deviation;
  };
  void (*embed)(const EmbedArguments&, const SequenceRows&);

  // out = LayerNorm(residual + dropout(branch)).
  struct NormArguments {
    const T* residual;
    const float* branch;
    const float* norm_weight;
    const float* norm_bias;
    float epsilon;
    std::size_t width;
    T* out;
    T* normal;
    float* inverse_deviation;
  };
  void (*add_norm)(const NormArguments&, const SequenceRows&);

  // With d = d1 + d2 (d2 may be null) the gradient of the norm's output: d_sum, that of its input,
  // and d_branch, the same through the dropout. Adds to the gradients of weight and bias. The mask
  // of `after` was applied to the output of the norm itself (embeddings), that of `rows` to its
  // branch.
  struct NormBackwardArguments {
    const float* d1;
    const float* d2;
    const T* normal;
    const float* inverse_deviation;
    const float* norm_weight;
    std::size_t width;
    float* d_sum;
    T* d_branch;  // May be null.
    float* d_weight;
    float* d_bias;
  };
  void (*norm_backward)(const NormBackwardArguments&, const SequenceRows& rows,
                        const DropoutMask& after);

  // out = normal · norm_weight + norm_bias: the norm's output again.
  void (*norm_output)(const T* normal, const float* norm_weight, const float* norm_bias,
                      std::size_t rows, std::size_t width, T* out);

  // Exact GELU, x·Φ(x); `out` may be `in`.
  void (*gelu)(const T* in, T* out, std::size_t count);
  // From x and the gradient of GELU(x): `out` becomes GELU(x), `d` the gradient of x.
  void (*gelu_backward)(const T* in, T* d, T* out, std::size_t count);

  // softmax(Q·Kᵀ/√d)·V for each head of one sequence; rows of qkv hold Q, K, V of all heads.
  // `log_sum` (one a row and head, [row][head]) may be null. `scratch`: attention_scratch() floats.
  void (*attention)(const AttentionShape&, const SequenceRows&, const T* qkv, T* out,
                    float* log_sum, float* scratch);
  void (*attention_backward)(const AttentionShape&, const SequenceRows&, const T* qkv, const T* out,
                             const T* d_out, const float* log_sum, T* d_qkv, float* scratch);

  // The mean of a sequence's rows.
  void (*mean_rows)(const T* in, std::size_t width, const SequenceRows&, float* mean);

  // sums[c] (+)= the sum of column c.
  void (*sum_columns)(const T* in, std::size_t rows, std::size_t width, Sum sum, float* sums);

  void (*convert)(const float* in, T* out, std::size_t count);
};

// fp32 loops that do not depend on the activations' type. Counts of the squares are multiples
// of 16.
struct FloatKernels {
  // sum += other, and the sum of squares of the result.
  double (*add_and_square)(float* sum, const float* other, std::size_t count);
  double (*square)(const float* values, std::size_t count);
  void (*add)(float* sum, const float* other, std::size_t count);
  void (*add_scaled)(float* sum, const float* other, float factor, std::size_t count);
  float (*dot)(const float* a, const float* b, std::size_t count);
  void (*adam)(const AdamStep&, float* weight, float* mean, float* variance, const float* gradient,
               std::size_t count);
};

// c[rows][columns] = a[rows][inner] · B + bias; B packed, bias may be null. Extents of B are
// multiples of 16.
struct PanelProduct {
  const float* a;
  const float* panels;
  const float* bias;
  std::size_t rows, inner, columns;
  float* c;
};
// d_weight[outputs][inputs] (+)= dyᵀ[outputs][rows] · x[rows][inputs]
struct GradientProduct {
  const float* dy;
  const float* x;
  std::size_t rows, outputs, inputs;
  float* d_weight;
  Sum sum;
  float* scratch;  // gradient_scratch(outputs, inputs) floats
};

// Products of fp32 matrices. Only AVX-512 has them: for the other sets oneDNN's are faster.
struct ProductKernels {
  // Panels of kPanelWidth columns, the last one narrower: [panel][k][width], `columns · k_count`
  // floats. From rows b[k][n] or from columns b[n][k].
  void (*pack_rows)(const float* b, std::size_t b_row, std::size_t k_count, std::size_t columns,
                    float* panels);
  void (*pack_columns)(const float* b, std::size_t b_row, std::size_t k_count, std::size_t columns,
                       float* panels);
  void (*multiply)(const PanelProduct&);
  void (*multiply_gradient)(const GradientProduct&);
  std::size_t (*gradient_scratch)(std::size_t outputs, std::size_t inputs);
};
inline constexpr std::size_t kPanelWidth = 48;

// Weights of 8 bits [outputs][inputs] in panels, with each output's scale and the sum of its
// weights.
struct Int8Panels {
  std::int8_t* panels;
  float* scales;
  float* sums;
};
// y[rows][outputs] = x[rows][inputs] · Wᵀ + bias; rows of x are quantised to 8 bits. Extents are
// multiples of 16.
struct Int8Product {
  const float* x;
  std::size_t rows, inputs, outputs;
  Int8Panels weights;
  const float* bias;
  float* y;
  std::uint8_t* scratch;
};
struct Int8Kernels {
  void (*pack)(const float* w, std::size_t outputs, std::size_t inputs, const Int8Panels&);
  void (*multiply)(const Int8Product&);
  std::size_t (*scratch_bytes)(std::size_t inputs);
};
// Rows that are quantised together.
inline constexpr std::size_t kInt8Rows = 512;

// y[rows][outputs] = x[rows][inputs] · Wᵀ + bias with weights in fp16. Extents are multiples of 16.
struct HalfProduct {
  const float* x;
  std::size_t rows, inputs, outputs;
  const std::uint16_t* panels;
  const float* bias;
  float* y;
  std::uint16_t* scratch;  // scratch(rows, inputs) numbers
};
// A part of such a product: some panels, over some of the inputs, of rows that are in fp16 already.
struct HalfTiles {
  const std::uint16_t* x;  // [rows][inputs], readable up to the next multiple of kHalfTileRows
  std::size_t rows, inputs;
  const std::uint16_t* panels;  // Of the first output and input.
  std::size_t panel_step;       // Numbers from one panel to the next.
  std::size_t outputs;
  const std::uint16_t* next;  // Panels that are read afterwards, fetched meanwhile; null: unknown.
  const float* bias;          // Null: none.
  float* y;
  std::size_t y_row;  // Numbers from one row of y to the next.
};
inline constexpr std::size_t kHalfTileRows = 8;
struct HalfKernels {
  // W [outputs][inputs] in panels of kPanelWidth outputs, the last one filled up.
  void (*pack)(const float* w, std::size_t outputs, std::size_t inputs, std::uint16_t* panels);
  void (*multiply)(const HalfProduct&);
  std::size_t (*scratch)(std::size_t rows, std::size_t inputs);
  // [rows][width] to fp16, and kHalfTileRows rows of nothing behind them.
  void (*convert)(const float* in, std::size_t rows, std::size_t width, std::uint16_t* out);
  void (*multiply_tiles)(const HalfTiles&);
};

// Products of training in fp16, summed in fp32 every 192 numbers. Extents of weights are multiples
// of 16; rows may be any number.
// half or wide [rows][columns] = a[rows][inner] · B + bias; B packed, bias may be null.
struct MixedProduct {
  const Half* a;  // Readable up to the next multiple of kHalfTileRows.
  std::size_t rows, inner, columns;
  const Half* panels;
  const float* bias;
  Half* half;  // One of the two is null.
  float* wide;
};
// d_weight[outputs][inputs] (+)= dyᵀ[outputs][rows] · x[rows][inputs]
// d_bias[outputs] (+)= Σ dy[row]
struct MixedGradient {
  const Half* dy;
  const Half* x;
  std::size_t rows, outputs, inputs;
  float* d_weight;
  float* d_bias;
  Sum sum;
  Half* scratch;  // gradient_scratch(outputs, inputs) numbers
};
// Rows that a gradient's product takes together, at most.
inline constexpr std::size_t kMixedGradientRows = 1024;
struct MixedKernels {
  // Panels of kPanelWidth columns, the last one filled up, from rows b[k][n] or columns b[n][k].
  void (*pack_rows)(const float* b, std::size_t k_count, std::size_t columns, Half* panels);
  void (*pack_columns)(const float* b, std::size_t k_count, std::size_t columns, Half* panels);
  void (*multiply)(const MixedProduct&);
  void (*multiply_gradient)(const MixedGradient&);
  std::size_t (*gradient_scratch)(std::size_t outputs, std::size_t inputs);
};

// Floats of scratch for sequences of up to `row_count` rows.
std::size_t attention_scratch(const AttentionShape& shape, std::size_t row_count);

template <class T>
const Kernels<T>& kernels();
template <>
const Kernels<float>& kernels<float>();
template <>
const Kernels<Bf16>& kernels<Bf16>();
template <>
const Kernels<Half>& kernels<Half>();  // Only where there are mixed_kernels().
const FloatKernels& float_kernels();
// Null where this processor has none.
const ProductKernels* product_kernels();
const Int8Kernels* int8_kernels();
const HalfKernels* half_kernels();
const MixedKernels* mixed_kernels();

// "avx512", "avx2" or "portable".
const char* kernel_set_name();

// The sets themselves, for tests that compare them. Null where this processor cannot run one.
struct KernelSet {
  const char* name;
  const Kernels<float>* fp32;
  const Kernels<Bf16>* bf16;
  const Kernels<Half>* fp16;  // May be null.
  const FloatKernels* floats;
  const ProductKernels* products;  // May be null.
  const Int8Kernels* int8;         // May be null.
  // Multiplications a second in bf16 over those in fp32, measured in some 100 µs; null without
  // bf16.
  double (*bf16_speedup)();
};
const KernelSet* find_kernel_set(const char* name);

}  // namespace cloudfolio::encoder

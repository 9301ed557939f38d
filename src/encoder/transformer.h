#pragma once
// The encoder's forward and backward pass over one packed batch, on one thread.
//
// Post-LayerNorm BERT: x = LN(E); for each layer x = LN(x + Attention(x)), x = LN(x + FFN(x)); then
// the mean over a sequence's tokens, scaled to unit length. T is the type of weights in products
// and of kept activations; LayerNorm, softmax, sums and the gradient of the residual stream are
// fp32.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "encoder/architecture.h"
#include "encoder/buffer.h"
#include "encoder/kernels.h"
#include "encoder/mixed_products.h"
#include "encoder/packed_batch.h"
#include "encoder/parameter_layout.h"
#include "encoder/phase_times.h"
#include "encoder/products.h"
#include "encoder/two_part_layer.h"

namespace cloudfolio::encoder {

// Dropout of one step: masks by place and sequence. A probability of 0 keeps everything.
struct Dropout {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  float hidden = 0;
  float attention = 0;

  enum class Place : std::uint32_t { embeddings, probabilities, projection, ffn };
  DropoutMask mask(Place place, std::size_t layer, std::uint32_t sequence) const;
};

enum class Keep { nothing, for_backward };

// Where a backward pass adds gradients. `dense` is laid out as the model's flat array from the
// position embeddings on; `words` has a row of `hidden` for each slot.
struct GradientTarget {
  float* dense = nullptr;
  float* words = nullptr;
  // Products overwrite instead of adding: the first batch into this target. What is summed by
  // adding (embeddings, LayerNorm) is cleared first.
  bool fresh = true;
};

// Activations and scratch of one thread. Grows to the largest batch that it saw.
template <class T>
class Workspace {
 public:
  // `clock`, which may be null, times the phases of the passes.
  Workspace(const Architecture& architecture, const Clock* clock)
      : architecture_(architecture), times_(clock) {}
  const PhaseTimes& times() const { return times_; }
  // From now on layers are computed in two parts (two_part_layer.h), the second by `companion`,
  // which may be null and must be awake in a pass. Needs TwoPartLayer::fits() and products in fp16;
  // passes keep nothing. Borrowed.
  void compute_in_two(Companion* companion) {
    in_two_ = true;
    two_parts_.share_with(companion);
  }
  // Memory of a pass that keeps its activations, about.
  static std::size_t bytes_a_token(const Architecture& architecture);

 private:
  template <class>
  friend class Transformer;

  // `input` and `middle` are shared by the layers, but for the first one's input: the backward pass
  // computes them again from `normal2` and `normal1`.
  struct Layer {
    T* input;
    T* qkv;
    T* context;
    T* middle;  // After the first norm.
    T* inner;   // Before GELU.
    T* normal1;
    T* normal2;
    float* log_sum;
    float* inverse1;
    float* inverse2;
  };
  void cut(std::size_t rows, std::size_t longest, Keep keep);
  void cut(Cutter& cutter, std::size_t rows, std::size_t longest, Keep keep);

  Architecture architecture_;
  PhaseTimes times_;
  Products<T> products_;
  TwoPartLayer two_parts_;
  bool in_two_ = false;
  Buffer memory_;
  std::vector<Layer> layers_;
  T* output_ = nullptr;  // Of the last layer.
  T* embedding_normal_ = nullptr;
  float* embedding_inverse_ = nullptr;
  T* activated_ = nullptr;  // After GELU.
  float* branch_ = nullptr;
  float* attention_scratch_ = nullptr;
  // The backward pass alone.
  float* d_stream_ = nullptr;
  float* d_added_ = nullptr;
  T* d_branch_ = nullptr;
  T* d_wide_ = nullptr;
  T* d_context_ = nullptr;
};

template <class T>
class Transformer {
 public:
  // `weights`, in the model's layout, are borrowed: embeddings, biases and norms are read in place,
  // the matrices after each pack().
  Transformer(const Architecture& architecture, const ParameterLayout& layout, const float* weights,
              Directions directions, ProductsBy by = ProductsBy::fastest);

  std::size_t matrix_count() const { return matrices_.size(); }
  // Packs one matrix anew; different ones at the same time by different threads.
  void pack(std::size_t matrix, Array<T>& scratch);

  // `unit` gets a row of `hidden` a sequence; `lengths` the length of the mean before it was
  // scaled.
  void forward(Workspace<T>& workspace, const PackedBatch& batch, Keep keep, const Dropout& dropout,
               float* unit, float* lengths) const;

  // After a forward pass of the same batch that kept its activations. `d_unit` is the gradient of
  // `unit`; `slots` says which row of target.words each token adds to.
  void backward(Workspace<T>& workspace, const PackedBatch& batch, const Dropout& dropout,
                const float* unit, const float* lengths, const float* d_unit,
                std::span<const std::uint32_t> slots, GradientTarget target) const;

 private:
  struct Matrix {
    std::size_t offset;
    PackedWeight<T> packed;
  };
  enum Position : std::size_t { qkv, projection, ffn1, ffn2, kPerLayer };
  using Layer = typename Workspace<T>::Layer;
  using Place = Dropout::Place;

  const PackedWeight<T>& matrix(std::size_t layer, Position position) const {
    return matrices_[layer * kPerLayer + position].packed;
  }
  template <class Work>
  void each_sequence(const PackedBatch& batch, const Dropout& dropout, Place place,
                     std::size_t layer, Work work) const {
    for (std::size_t s = 0; s < batch.sequences.size(); ++s) {
      SequenceRows rows = batch.sequences[s];
      rows.mask = dropout.mask(place, layer, batch.numbers[s]);
      work(rows);
    }
  }
  // Rows that go through a chain of products and loops before the next ones do, so that the wide
  // activations between them stay in the second-level cache. oneDNN's products are made for one
  // number of rows each: there all.
  std::size_t rows_together(std::size_t rows) const {
    return in_blocks_ ? 32 * kHalfTileRows : std::max<std::size_t>(rows, 1);
  }
  void place_half_panels();
  void embed(Workspace<T>& workspace, const PackedBatch& batch, Keep keep,
             const Dropout& dropout) const;
  // branch_ = the projected attention to the layer's input; the second product of its middle.
  void attend(Workspace<T>& workspace, const PackedBatch& batch, const Dropout& dropout,
              std::size_t index) const;
  void feed_forward(Workspace<T>& workspace, const PackedBatch& batch, std::size_t index) const;
  void layer_forward(Workspace<T>& workspace, const PackedBatch& batch, const Dropout& dropout,
                     std::size_t index, T* output) const;
  // d_stream becomes the gradient of the sum before a norm, d_branch that of the branch.
  void layer_backward(Workspace<T>& workspace, const PackedBatch& batch, const Dropout& dropout,
                      std::size_t index, const float* added, const GradientTarget& target) const;
  void feed_forward_backward(Workspace<T>& workspace, const PackedBatch& batch, std::size_t index,
                             const GradientTarget& target) const;
  void pool_backward(Workspace<T>& workspace, const PackedBatch& batch, const float* unit,
                     const float* lengths, const float* d_unit) const;
  void embed_backward(Workspace<T>& workspace, const PackedBatch& batch, const Dropout& dropout,
                      std::span<const std::uint32_t> slots, const GradientTarget& target) const;
  // The output of a norm from its normalised rows; `weight` and `bias` are offsets.
  void norm_again(const PackedBatch& batch, const T* normal, std::size_t weight, std::size_t bias,
                  T* out) const;
  void weight_gradient(Workspace<T>& workspace, std::size_t weight, std::size_t bias,
                       LayerSize size, const T* dy, const T* x, std::size_t rows,
                       const GradientTarget& target) const;
  void clear_sums(const GradientTarget& target) const;
  float* dense(const GradientTarget& target, std::size_t offset) const {
    return target.dense + (offset - layout_.position_embeddings());
  }

  const Architecture architecture_;
  const ParameterLayout layout_;
  const float* weights_;
  const bool in_blocks_;
  const AttentionShape shape_;
  std::vector<Matrix> matrices_;
  Array<std::uint16_t> half_panels_;  // Of all matrices, in the order in which they are read.
};

}  // namespace cloudfolio::encoder

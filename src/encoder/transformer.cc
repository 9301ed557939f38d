#include "encoder/transformer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

namespace cloudfolio::encoder {
template <class T>
Transformer<T>::Transformer(const Architecture& architecture, const ParameterLayout& layout,
                            const float* weights, Directions directions, ProductsBy by)
    : architecture_(architecture),
      layout_(layout),
      weights_(weights),
      in_blocks_(std::is_same_v<T, Half> || by != ProductsBy::fastest),
      shape_{architecture.head_count, architecture.head_size()} {
  const std::size_t hidden = architecture.hidden;
  const std::size_t inner = architecture.intermediate;
  matrices_.reserve(layout.layers().size() * kPerLayer);
  for (const LayerOffsets& at : layout.layers()) {
    matrices_.push_back({at.qkv_weight, {{3 * hidden, hidden}, directions, by}});
    matrices_.push_back({at.projection_weight, {{hidden, hidden}, directions, by}});
    matrices_.push_back({at.ffn1_weight, {{inner, hidden}, directions, by}});
    matrices_.push_back({at.ffn2_weight, {{hidden, inner}, directions, by}});
  }
  if constexpr (std::is_same_v<T, float>) {
    if (by == ProductsBy::fp16) place_half_panels();
  }
}

template <>
void Transformer<float>::place_half_panels() {
  const auto count = [](const Matrix& matrix) {
    const LayerSize size = matrix.packed.size();
    return HalfWeight::number_count(size.outputs, size.inputs);
  };
  std::size_t total = 0;
  for (const Matrix& matrix : matrices_) total += count(matrix);
  half_panels_.reserve(total);
  std::uint16_t* at = half_panels_.data();
  for (Matrix& matrix : matrices_) {
    matrix.packed.half()->place(at);
    at += count(matrix);
  }
}

template <class T>
void Transformer<T>::pack(std::size_t matrix, Array<T>& scratch) {
  matrices_[matrix].packed.pack(weights_ + matrices_[matrix].offset, scratch);
}

template <class T>
void Transformer<T>::forward(Workspace<T>& w, const PackedBatch& batch, Keep keep,
                             const Dropout& dropout, float* unit, float* lengths) const {
  w.times_.begin();
  w.cut(batch.row_count, batch.longest, keep);
  if (w.in_two_) w.two_parts_.prepare(architecture_, batch);
  embed(w, batch, keep, dropout);
  w.times_.end(Phase::embed);
  for (std::size_t i = 0; i < w.layers_.size(); ++i) {
    layer_forward(w, batch, dropout, i,
                  i + 1 < w.layers_.size() ? w.layers_[i + 1].input : w.output_);
  }
  const std::size_t hidden = architecture_.hidden;
  for (std::size_t s = 0; s < batch.sequences.size(); ++s) {
    float* row = unit + s * hidden;
    kernels<T>().mean_rows(w.output_, hidden, batch.sequences[s], row);
    double squares = 0;
    for (std::size_t c = 0; c < hidden; ++c) squares += static_cast<double>(row[c]) * row[c];
    // The same floor as PyTorch's normalize().
    lengths[s] = std::max(static_cast<float>(std::sqrt(squares)), 1e-12F);
    for (std::size_t c = 0; c < hidden; ++c) row[c] /= lengths[s];
  }
  w.times_.end(Phase::pool);
}

template <class T>
void Transformer<T>::embed(Workspace<T>& w, const PackedBatch& batch, Keep keep,
                           const Dropout& dropout) const {
  const std::size_t hidden = architecture_.hidden;
  T* out = w.layers_[0].input;
  const typename Kernels<T>::EmbedArguments arguments{
      batch.ids.data(),
      weights_ + layout_.word_embeddings(),
      weights_ + layout_.position_embeddings(),
      weights_ + layout_.type_embeddings(),
      weights_ + layout_.embedding_norm_weight(),
      weights_ + layout_.embedding_norm_bias(),
      architecture_.layer_norm_epsilon,
      hidden,
      out,
      keep == Keep::for_backward ? w.embedding_normal_ : nullptr,
      w.embedding_inverse_};
  each_sequence(batch, dropout, Place::embeddings, 0,
                [&](const SequenceRows& rows) { kernels<T>().embed(arguments, rows); });
  batch.clear_tail(out, hidden);
}

template <class T>
void Transformer<T>::attend(Workspace<T>& w, const PackedBatch& batch, const Dropout& dropout,
                            std::size_t index) const {
  const Layer& layer = w.layers_[index];
  const LayerOffsets& at = layout_.layers()[index];
  const std::size_t rows = batch.row_count;
  if constexpr (std::is_same_v<T, float>) {
    if (w.in_two_) {
      w.two_parts_.attend(
          {matrix(index, qkv).half(), matrix(index, projection).half(), weights_ + at.qkv_bias,
           weights_ + at.projection_bias, matrix(index, ffn1).half()},
          batch, layer.input, w.branch_);
      w.times_.end(Phase::attention);
      return;
    }
  }
  w.products_.forward(matrix(index, qkv), weights_ + at.qkv_bias, layer.input, rows, layer.qkv);
  w.times_.end(Phase::qkv);
  each_sequence(batch, dropout, Place::probabilities, index, [&](const SequenceRows& s) {
    kernels<T>().attention(shape_, s, layer.qkv, layer.context, layer.log_sum,
                           w.attention_scratch_);
  });
  batch.clear_tail(layer.context, architecture_.hidden);
  w.times_.end(Phase::attention);
  w.products_.forward_wide(matrix(index, projection), weights_ + at.projection_bias, layer.context,
                           rows, w.branch_);
  w.times_.end(Phase::projection);
}

template <class T>
void Transformer<T>::feed_forward(Workspace<T>& w, const PackedBatch& batch,
                                  std::size_t index) const {
  const Layer& layer = w.layers_[index];
  const LayerOffsets& at = layout_.layers()[index];
  const std::size_t rows = batch.row_count;
  if constexpr (std::is_same_v<T, float>) {
    if (w.in_two_) {
      w.two_parts_.feed_forward(
          {matrix(index, ffn1).half(), matrix(index, ffn2).half(), weights_ + at.ffn1_bias,
           weights_ + at.ffn2_bias,
           index + 1 < w.layers_.size() ? matrix(index + 1, qkv).half() : nullptr},
          batch, layer.middle, w.branch_);
      w.times_.end(Phase::ffn2);
      return;
    }
  }
  const std::size_t hidden = architecture_.hidden;
  const std::size_t width = architecture_.intermediate;
  const std::size_t step = rows_together(rows);
  for (std::size_t r = 0; r < rows; r += step) {
    const std::size_t count = std::min(step, rows - r);
    T* inner = layer.inner + r * width;
    T* activated = w.activated_ == layer.inner ? inner : w.activated_;
    w.products_.forward(matrix(index, ffn1), weights_ + at.ffn1_bias, layer.middle + r * hidden,
                        count, inner);
    w.times_.end(Phase::ffn1);
    kernels<T>().gelu(inner, activated, count * width);
    w.times_.end(Phase::gelu);
    w.products_.forward_wide(matrix(index, ffn2), weights_ + at.ffn2_bias, activated, count,
                             w.branch_ + r * hidden);
    w.times_.end(Phase::ffn2);
  }
}

template <class T>
void Transformer<T>::layer_forward(Workspace<T>& w, const PackedBatch& batch,
                                   const Dropout& dropout, std::size_t index, T* output) const {
  const Layer& layer = w.layers_[index];
  const LayerOffsets& at = layout_.layers()[index];
  const Kernels<T>& k = kernels<T>();
  const std::size_t hidden = architecture_.hidden;
  const float epsilon = architecture_.layer_norm_epsilon;

  attend(w, batch, dropout, index);
  const typename Kernels<T>::NormArguments first{layer.input,
                                                 w.branch_,
                                                 weights_ + at.norm1_weight,
                                                 weights_ + at.norm1_bias,
                                                 epsilon,
                                                 hidden,
                                                 layer.middle,
                                                 layer.normal1,
                                                 layer.inverse1};
  each_sequence(batch, dropout, Place::projection, index,
                [&](const SequenceRows& s) { k.add_norm(first, s); });
  batch.clear_tail(layer.middle, hidden);
  w.times_.end(Phase::norm);

  feed_forward(w, batch, index);
  const typename Kernels<T>::NormArguments second{layer.middle,
                                                  w.branch_,
                                                  weights_ + at.norm2_weight,
                                                  weights_ + at.norm2_bias,
                                                  epsilon,
                                                  hidden,
                                                  output,
                                                  layer.normal2,
                                                  layer.inverse2};
  each_sequence(batch, dropout, Place::ffn, index,
                [&](const SequenceRows& s) { k.add_norm(second, s); });
  batch.clear_tail(output, hidden);
  w.times_.end(Phase::norm);
}

template class Transformer<float>;
template class Transformer<Bf16>;
template class Transformer<Half>;

}  // namespace cloudfolio::encoder

#include <algorithm>
#include <cstring>

#include "encoder/transformer.h"

namespace cloudfolio::encoder {
template <class T>
void Transformer<T>::backward(Workspace<T>& w, const PackedBatch& batch, const Dropout& dropout,
                              const float* unit, const float* lengths, const float* d_unit,
                              std::span<const std::uint32_t> slots, GradientTarget target) const {
  w.times_.begin();
  if (target.fresh) clear_sums(target);
  pool_backward(w, batch, unit, lengths, d_unit);
  w.times_.end(Phase::pool);
  const float* added = nullptr;
  for (std::size_t i = w.layers_.size(); i-- > 0;) {
    layer_backward(w, batch, dropout, i, added, target);
    added = w.d_added_;
  }
  embed_backward(w, batch, dropout, slots, target);
  w.times_.end(Phase::embed_backward);
}

// Through the scaling to unit length and the mean: each token of a sequence gets the same gradient.
template <class T>
void Transformer<T>::pool_backward(Workspace<T>& w, const PackedBatch& batch, const float* unit,
                                   const float* lengths, const float* d_unit) const {
  const std::size_t hidden = architecture_.hidden;
  for (std::size_t s = 0; s < batch.sequences.size(); ++s) {
    const SequenceRows& rows = batch.sequences[s];
    const float* u = unit + s * hidden;
    const float* d = d_unit + s * hidden;
    double along = 0;
    for (std::size_t c = 0; c < hidden; ++c) along += static_cast<double>(u[c]) * d[c];
    const float share = 1.0F / (lengths[s] * static_cast<float>(rows.count));
    float* first = w.d_stream_ + rows.first * hidden;
    for (std::size_t c = 0; c < hidden; ++c) {
      first[c] = (d[c] - u[c] * static_cast<float>(along)) * share;
    }
    for (std::size_t i = 1; i < rows.count; ++i) {
      std::memcpy(first + i * hidden, first, hidden * sizeof(float));
    }
  }
}

// From d_branch_ to d_added_.
template <class T>
void Transformer<T>::feed_forward_backward(Workspace<T>& w, const PackedBatch& batch,
                                           std::size_t index, const GradientTarget& target) const {
  const Layer& layer = w.layers_[index];
  const LayerOffsets& at = layout_.layers()[index];
  const std::size_t hidden = architecture_.hidden;
  const std::size_t inner = architecture_.intermediate;
  const std::size_t rows = batch.row_count;
  const std::size_t step = rows_together(rows);
  for (std::size_t r = 0; r < rows; r += step) {
    const std::size_t count = std::min(step, rows - r);
    w.products_.backward(matrix(index, ffn2), w.d_branch_ + r * hidden, count,
                         w.d_wide_ + r * inner);
    w.times_.end(Phase::data_gradients);
    kernels<T>().gelu_backward(layer.inner + r * inner, w.d_wide_ + r * inner,
                               w.activated_ + r * inner, count * inner);
    w.times_.end(Phase::gelu_backward);
  }
  weight_gradient(w, at.ffn2_weight, at.ffn2_bias, {hidden, inner}, w.d_branch_, w.activated_, rows,
                  target);
  norm_again(batch, layer.normal1, at.norm1_weight, at.norm1_bias, layer.middle);
  weight_gradient(w, at.ffn1_weight, at.ffn1_bias, {inner, hidden}, w.d_wide_, layer.middle, rows,
                  target);
  w.products_.backward_wide(matrix(index, ffn1), w.d_wide_, rows, w.d_added_);
  w.times_.end(Phase::data_gradients);
}

template <class T>
void Transformer<T>::layer_backward(Workspace<T>& w, const PackedBatch& batch,
                                    const Dropout& dropout, std::size_t index, const float* added,
                                    const GradientTarget& target) const {
  const Layer& layer = w.layers_[index];
  const LayerOffsets& at = layout_.layers()[index];
  const Kernels<T>& k = kernels<T>();
  const std::size_t hidden = architecture_.hidden;
  const std::size_t rows = batch.row_count;
  const typename Kernels<T>::NormBackwardArguments second{w.d_stream_,
                                                          added,
                                                          layer.normal2,
                                                          layer.inverse2,
                                                          weights_ + at.norm2_weight,
                                                          hidden,
                                                          w.d_stream_,
                                                          w.d_branch_,
                                                          dense(target, at.norm2_weight),
                                                          dense(target, at.norm2_bias)};
  each_sequence(batch, dropout, Place::ffn, index,
                [&](const SequenceRows& s) { k.norm_backward(second, s, {}); });
  batch.clear_tail(w.d_branch_, hidden);
  w.times_.end(Phase::norm_backward);
  feed_forward_backward(w, batch, index, target);

  const typename Kernels<T>::NormBackwardArguments first{w.d_stream_,
                                                         w.d_added_,
                                                         layer.normal1,
                                                         layer.inverse1,
                                                         weights_ + at.norm1_weight,
                                                         hidden,
                                                         w.d_stream_,
                                                         w.d_branch_,
                                                         dense(target, at.norm1_weight),
                                                         dense(target, at.norm1_bias)};
  each_sequence(batch, dropout, Place::projection, index,
                [&](const SequenceRows& s) { k.norm_backward(first, s, {}); });
  batch.clear_tail(w.d_branch_, hidden);
  w.times_.end(Phase::norm_backward);
  weight_gradient(w, at.projection_weight, at.projection_bias, {hidden, hidden}, w.d_branch_,
                  layer.context, rows, target);
  w.products_.backward(matrix(index, projection), w.d_branch_, rows, w.d_context_);
  w.times_.end(Phase::data_gradients);
  each_sequence(batch, dropout, Place::probabilities, index, [&](const SequenceRows& s) {
    k.attention_backward(shape_, s, layer.qkv, layer.context, w.d_context_, layer.log_sum,
                         w.d_wide_, w.attention_scratch_);
  });
  batch.clear_tail(w.d_wide_, 3 * hidden);
  w.times_.end(Phase::attention_backward);
  if (index > 0) {  // The first layer's input was kept.
    const LayerOffsets& last = layout_.layers()[index - 1];
    norm_again(batch, w.layers_[index - 1].normal2, last.norm2_weight, last.norm2_bias,
               layer.input);
  }
  weight_gradient(w, at.qkv_weight, at.qkv_bias, {3 * hidden, hidden}, w.d_wide_, layer.input, rows,
                  target);
  w.products_.backward_wide(matrix(index, qkv), w.d_wide_, rows, w.d_added_);
  w.times_.end(Phase::data_gradients);
}

template <class T>
void Transformer<T>::norm_again(const PackedBatch& batch, const T* normal, std::size_t weight,
                                std::size_t bias, T* out) const {
  kernels<T>().norm_output(normal, weights_ + weight, weights_ + bias, batch.token_count(),
                           architecture_.hidden, out);
  batch.clear_tail(out, architecture_.hidden);
}

template <class T>
void Transformer<T>::embed_backward(Workspace<T>& w, const PackedBatch& batch,
                                    const Dropout& dropout, std::span<const std::uint32_t> slots,
                                    const GradientTarget& target) const {
  const std::size_t hidden = architecture_.hidden;
  const Kernels<T>& k = kernels<T>();
  const typename Kernels<T>::NormBackwardArguments arguments{
      w.d_stream_,
      w.d_added_,
      w.embedding_normal_,
      w.embedding_inverse_,
      weights_ + layout_.embedding_norm_weight(),
      hidden,
      w.d_stream_,
      nullptr,
      dense(target, layout_.embedding_norm_weight()),
      dense(target, layout_.embedding_norm_bias())};
  float* type = dense(target, layout_.type_embeddings());
  float* positions = dense(target, layout_.position_embeddings());
  each_sequence(batch, dropout, Place::embeddings, 0, [&](const SequenceRows& s) {
    SequenceRows bare = s;
    bare.mask = {};
    k.norm_backward(arguments, bare, s.mask);
    for (std::size_t i = 0; i < s.count; ++i) {
      const float* d = w.d_stream_ + (s.first + i) * hidden;
      float_kernels().add(target.words + slots[s.first + i] * hidden, d, hidden);
      float_kernels().add(positions + i * hidden, d, hidden);
      float_kernels().add(type, d, hidden);
    }
  });
}

template <class T>
void Transformer<T>::weight_gradient(Workspace<T>& w, std::size_t weight, std::size_t bias,
                                     LayerSize size, const T* dy, const T* x, std::size_t rows,
                                     const GradientTarget& target) const {
  w.products_.weight_gradient(size, dy, x, rows, target.fresh ? Sum::fresh : Sum::onto,
                              dense(target, weight), dense(target, bias));
  w.times_.end(Phase::weight_gradients);
}

template <class T>
void Transformer<T>::clear_sums(const GradientTarget& target) const {
  const std::size_t row = architecture_.hidden * sizeof(float);
  const std::size_t embeddings = layout_.layers()[0].qkv_weight - layout_.position_embeddings();
  std::memset(target.dense, 0, embeddings * sizeof(float));
  for (const LayerOffsets& at : layout_.layers()) {
    std::memset(dense(target, at.norm1_weight), 0, row);
    std::memset(dense(target, at.norm1_bias), 0, row);
    std::memset(dense(target, at.norm2_weight), 0, row);
    std::memset(dense(target, at.norm2_bias), 0, row);
  }
}

template void Transformer<float>::backward(Workspace<float>&, const PackedBatch&, const Dropout&,
                                           const float*, const float*, const float*,
                                           std::span<const std::uint32_t>, GradientTarget) const;
template void Transformer<Bf16>::backward(Workspace<Bf16>&, const PackedBatch&, const Dropout&,
                                          const float*, const float*, const float*,
                                          std::span<const std::uint32_t>, GradientTarget) const;
template void Transformer<Half>::backward(Workspace<Half>&, const PackedBatch&, const Dropout&,
                                          const float*, const float*, const float*,
                                          std::span<const std::uint32_t>, GradientTarget) const;

}  // namespace cloudfolio::encoder

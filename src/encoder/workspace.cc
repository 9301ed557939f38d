#include "encoder/transformer.h"

#include <algorithm>

namespace cloudfolio::encoder {

template <class T>
void Workspace<T>::cut(std::size_t rows, std::size_t longest, Keep keep) {
  // Products in fp16 read whole tiles of rows.
  rows = (rows + kHalfTileRows - 1) / kHalfTileRows * kHalfTileRows;
  Cutter measure(nullptr);
  cut(measure, rows, longest, keep);
  // With some room that is not touched before it is needed: the next batch may be a little larger.
  if (measure.used_bytes() > memory_.capacity_bytes()) {
    memory_.reserve(measure.used_bytes() + measure.used_bytes() / 4);
  }
  Cutter cutter(memory_.data());
  cut(cutter, rows, longest, keep);
}

template <class T>
void Workspace<T>::cut(Cutter& cutter, std::size_t rows, std::size_t longest, Keep keep) {
  const std::size_t hidden = architecture_.hidden;
  const std::size_t inner = architecture_.intermediate;
  const bool kept = keep == Keep::for_backward;
  layers_.assign(architecture_.layer_count, Layer{});
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    Layer& layer = layers_[i];
    if (!kept && i > 0) {  // All layers share one: a layer's output takes the place of its input.
      layer = layers_[0];
      continue;
    }
    layer.input = i < 2 ? cutter.take<T>(rows * hidden) : layers_[1].input;
    layer.qkv = cutter.take<T>(rows * 3 * hidden);
    layer.context = cutter.take<T>(rows * hidden);
    layer.middle = i == 0 ? cutter.take<T>(rows * hidden) : layers_[0].middle;
    layer.inner = cutter.take<T>(rows * inner);
    if (kept) {
      layer.normal1 = cutter.take<T>(rows * hidden);
      layer.normal2 = cutter.take<T>(rows * hidden);
      layer.log_sum = cutter.take<float>(rows * architecture_.head_count);
      layer.inverse1 = cutter.take<float>(rows);
      layer.inverse2 = cutter.take<float>(rows);
    }
  }
  output_ = kept && layers_.size() == 1 ? cutter.take<T>(rows * hidden) : layers_.back().input;
  branch_ = cutter.take<float>(rows * hidden);
  attention_scratch_ = cutter.take<float>(
      attention_scratch({architecture_.head_count, architecture_.head_size()}, longest));
  activated_ = layers_[0].inner;
  embedding_normal_ = nullptr;
  embedding_inverse_ = nullptr;
  if (!kept) return;
  activated_ = cutter.take<T>(rows * inner);
  embedding_normal_ = cutter.take<T>(rows * hidden);
  embedding_inverse_ = cutter.take<float>(rows);
  d_stream_ = branch_;  // The forward pass is done with it.
  d_added_ = cutter.take<float>(rows * hidden);
  d_branch_ = cutter.take<T>(rows * hidden);
  d_wide_ = cutter.take<T>(rows * std::max(inner, 3 * hidden));
  d_context_ = activated_;  // Free by the time that it is needed.
}

template <class T>
std::size_t Workspace<T>::bytes_a_token(const Architecture& architecture) {
  constexpr std::size_t kTokens = 1024;
  Workspace measured(architecture, nullptr);
  Cutter measure(nullptr);
  measured.cut(measure, kTokens, architecture.token_count_max, Keep::for_backward);
  return measure.used_bytes() / kTokens;
}

template class Workspace<float>;
template class Workspace<Bf16>;
template class Workspace<Half>;

}  // namespace cloudfolio::encoder

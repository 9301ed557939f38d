#include "encoder/two_part_layer.h"

#include <algorithm>

#include "encoder/companion.h"
#include "encoder/kernels.h"

namespace cloudfolio::encoder {

bool TwoPartLayer::fits(const Architecture& architecture) {
  return architecture.head_count % kParts == 0 &&
         architecture.hidden % (kParts * kPanelWidth) == 0 &&
         architecture.intermediate % (kParts * kPanelWidth) == 0;
}

void TwoPartLayer::prepare(const Architecture& architecture, const PackedBatch& batch) {
  architecture_ = architecture;
  Cutter measure(nullptr);
  cut(measure, batch);
  memory_.reserve(measure.used_bytes());
  Cutter cutter(memory_.data());
  cut(cutter, batch);
}

void TwoPartLayer::cut(Cutter& cutter, const PackedBatch& batch) {
  const std::size_t rows = batch.row_count;
  const std::size_t hidden = architecture_.hidden;
  const std::size_t wide = std::max(3 * hidden, architecture_.intermediate) / kParts;
  input_ = cutter.take<std::uint16_t>((rows + kHalfTileRows) * hidden);
  for (Part& part : parts_) {
    part.wide = cutter.take<float>(rows * wide);
    part.narrow = cutter.take<float>(rows * hidden / kParts);
    part.half = cutter.take<std::uint16_t>((rows + kHalfTileRows) * wide);
    part.sum = cutter.take<float>(rows * hidden);
    part.attention = cutter.take<float>(attention_scratch(
        {architecture_.head_count / kParts, architecture_.head_size()}, batch.longest));
  }
}

template <class Work>
void TwoPartLayer::run(const Work& work) {
  if (companion_ != nullptr) {
    companion_->run(kParts, work);
  } else {
    for (std::size_t i = 0; i < kParts; ++i) work(i);
  }
}

// The part's inputs of the product back to `hidden`: the first onto the bias in `branch`.
void TwoPartLayer::multiply_back(const Weights& weights, const Part& part, std::size_t i,
                                 std::size_t rows, const float* in, std::size_t width,
                                 std::size_t next_width, float* branch) {
  const HalfKernels& k = *half_kernels();
  k.convert(in, rows, width, part.half);
  HalfTiles tiles = weights.second->tiles(0, architecture_.hidden, i * width, width);
  tiles.x = part.half;
  tiles.rows = rows;
  tiles.bias = i == 0 ? weights.second_bias : nullptr;
  if (weights.next != nullptr) tiles.next = weights.next->panels(i * next_width);
  tiles.y = i == 0 ? branch : part.sum;
  tiles.y_row = architecture_.hidden;
  k.multiply_tiles(tiles);
}

void TwoPartLayer::attend(const Weights& weights, const PackedBatch& batch, const float* input,
                          float* branch) {
  const std::size_t hidden = architecture_.hidden;
  const std::size_t part_width = hidden / kParts;
  const std::size_t rows = batch.row_count;
  const AttentionShape shape{architecture_.head_count / kParts, architecture_.head_size()};
  half_kernels()->convert(input, rows, hidden, input_);
  run([&](std::size_t i) {
    const Part& part = parts_[i];
    for (std::size_t which = 0; which < 3; ++which) {  // Queries, keys, values.
      const std::size_t first = which * hidden + i * part_width;
      HalfTiles tiles = weights.first->tiles(first, part_width, 0, hidden);
      tiles.x = input_;
      tiles.rows = rows;
      tiles.bias = weights.first_bias + first;
      tiles.y = part.wide + which * part_width;
      tiles.y_row = 3 * part_width;
      tiles.next = which < 2 ? weights.first->panels(first + hidden)
                             : weights.second->panels(0, i * part_width);
      half_kernels()->multiply_tiles(tiles);
    }
    for (const SequenceRows& sequence : batch.sequences) {
      kernels<float>().attention(shape, sequence, part.wide, part.narrow, nullptr, part.attention);
    }
    batch.clear_tail(part.narrow, part_width);
    multiply_back(weights, part, i, rows, part.narrow, part_width,
                  architecture_.intermediate / kParts, branch);
  });
  float_kernels().add(branch, parts_[1].sum, rows * hidden);
}

void TwoPartLayer::feed_forward(const Weights& weights, const PackedBatch& batch,
                                const float* middle, float* branch) {
  const std::size_t hidden = architecture_.hidden;
  const std::size_t part_width = architecture_.intermediate / kParts;
  const std::size_t rows = batch.row_count;
  half_kernels()->convert(middle, rows, hidden, input_);
  run([&](std::size_t i) {
    const Part& part = parts_[i];
    HalfTiles tiles = weights.first->tiles(i * part_width, part_width, 0, hidden);
    tiles.x = input_;
    tiles.rows = rows;
    tiles.bias = weights.first_bias + i * part_width;
    tiles.y = part.wide;
    tiles.y_row = part_width;
    tiles.next = weights.second->panels(0, i * part_width);
    half_kernels()->multiply_tiles(tiles);
    kernels<float>().gelu(part.wide, part.wide, rows * part_width);
    multiply_back(weights, part, i, rows, part.wide, part_width, hidden / kParts, branch);
  });
  float_kernels().add(branch, parts_[1].sum, rows * hidden);
}

}  // namespace cloudfolio::encoder

#pragma once
// The flat array of a model's weights, shared by its copies.

#include <cstddef>
#include <span>

#include "encoder/buffer.h"

namespace cloudfolio::encoder {

class WeightBuffer {
 public:
  explicit WeightBuffer(std::size_t count) : values_(count), count_(count) {}
  std::span<float> values() { return {values_.data(), count_}; }
  std::span<const float> values() const { return {values_.data(), count_}; }

 private:
  Array<float> values_;
  std::size_t count_;
};

}  // namespace cloudfolio::encoder

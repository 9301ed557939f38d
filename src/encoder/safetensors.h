#pragma once
// The safetensors format: 8 bytes of length, a JSON header, the tensors' bytes.
// https://huggingface.co/docs/safetensors (format of version 0.3 and later).
//
// Errors: Code::corrupt, naming the tensor or what is cut.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"

namespace cloudfolio::encoder {

inline constexpr std::size_t kSafetensorsHeaderBytesMax = 8 * kMiB;

enum class TensorType { f32, f16, bf16, other };

struct TensorView {
  std::string name;
  TensorType type = TensorType::other;
  std::vector<std::size_t> shape;
  std::string_view bytes;  // Little-endian; may be unaligned.
};

// Checks that every tensor lies within the bytes and has the size of its shape. Views point into
// `bytes`.
Result<std::vector<TensorView>> parse_safetensors(std::string_view bytes);
// Whether f32, f16 or bf16 values become `out` (of as many elements as the tensor has): false for
// another type.
bool copy_values(const TensorView& tensor, float* out);

struct TensorToWrite {
  std::string name;
  std::vector<std::size_t> shape;
  const float* values;
};
// The header up to where the tensors' bytes begin, which follow in the given order.
std::string safetensors_header(const std::vector<TensorToWrite>& tensors);

}  // namespace cloudfolio::encoder

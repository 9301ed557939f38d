#pragma once
// A brain float: the upper half of a float, rounded to nearest even.

#include <bit>
#include <cstdint>

namespace cloudfolio::encoder {

enum class Bf16 : std::uint16_t {};

inline float to_float(Bf16 value) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16);
}
inline float to_float(float value) {
  return value;
}

inline Bf16 to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<Bf16>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
}

}  // namespace cloudfolio::encoder

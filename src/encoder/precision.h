#pragma once
// In which numbers the products are computed, and which the processor is good at.

#include <cstdint>
#include <string_view>

namespace cloudfolio::encoder {

enum class Precision : std::uint8_t {
  automatic,  // bf16 where this processor multiplies faster in it than in fp32, fp32 otherwise.
  fp32,
  bf16,  // Products of bf16 numbers summed in fp32; activations kept in bf16.
};

// `automatic` as this processor decides it (measured once a process); the others unchanged.
Precision resolved(Precision wanted);
// Whether the processor has bf16 products at all (AVX512-BF16).
bool runs_bf16();
std::string_view to_string(Precision precision);

}  // namespace cloudfolio::encoder

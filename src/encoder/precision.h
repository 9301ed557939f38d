#pragma once
// In which numbers the products are computed, and which the processor is good at.

#include <cstdint>
#include <string_view>

namespace cloudfolio::encoder {

enum class Precision : std::uint8_t {
  // bf16 where this processor multiplies faster in it than in fp32; otherwise fp16 where it has
  // that, otherwise fp32.
  automatic,
  fp32,
  bf16,  // Products of bf16 numbers summed in fp32; activations kept in bf16.
  // Vectors only, not training: products of 8-bit weights and activations, the rest in fp32. Four
  // times the speed and a quarter of the memory, see embedder.h for what it costs.
  int8,
  // Products of fp16 numbers, summed in fp32 every 192. Twice the speed of fp32, and
  // rankings that cannot be told from its. Training keeps activations and scaled gradients in fp16
  // too, sums and weights in fp32.
  fp16,
};

// `automatic` as this processor decides it (measured once a process); the others unchanged.
Precision resolved(Precision wanted);
// Whether the processor has bf16 products at all (AVX512-BF16).
bool runs_bf16();
// Whether it has products of fp16 numbers (AVX512-FP16).
bool runs_fp16();
// Whether it has products of 8-bit numbers (AVX512-VNNI).
bool runs_int8();
std::string_view to_string(Precision precision);

}  // namespace cloudfolio::encoder

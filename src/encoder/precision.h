#pragma once
// In which numbers the products are computed, and which the processor is good at.

#include <cstdint>
#include <string_view>

namespace cloudfolio::encoder {

enum class Precision : std::uint8_t {
  automatic,  // bf16 where the processor has AVX512-BF16 or AMX, fp32 otherwise.
  fp32,
  bf16,  // Products of bf16 numbers summed in fp32; activations kept in bf16. Slow where emulated.
};

// `automatic` as this processor decides it; the others unchanged.
Precision resolved(Precision wanted);
std::string_view to_string(Precision precision);

}  // namespace cloudfolio::encoder

#include "encoder/kernels.h"

#include <cpuid.h>
#include <string_view>

#include "encoder/kernels/sets.h"

namespace cloudfolio::encoder {
namespace {

bool runs_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vnni");
}

// The compiler's own question does not know it.
bool has_fp16() {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  constexpr unsigned kAvx512Fp16 = 1U << 23;
  return runs_avx512() && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 &&
         (edx & kAvx512Fp16) != 0;
}

bool runs_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

const KernelSet& best_set() {
  static const KernelSet& set =
      runs_avx512() ? avx512::kSet : (runs_avx2() ? avx2::kSet : portable::kSet);
  return set;
}

}  // namespace

const KernelSet* find_kernel_set(const char* name) {
  const std::string_view wanted(name);
  if (wanted == "avx512") return runs_avx512() ? &avx512::kSet : nullptr;
  if (wanted == "avx2") return runs_avx2() ? &avx2::kSet : nullptr;
  return wanted == "portable" ? &portable::kSet : nullptr;
}

template <>
const Kernels<float>& kernels<float>() {
  return *best_set().fp32;
}
template <>
const Kernels<Bf16>& kernels<Bf16>() {
  return *best_set().bf16;
}
template <>
const Kernels<Half>& kernels<Half>() {
  return *best_set().fp16;
}
const FloatKernels& float_kernels() {
  return *best_set().floats;
}
const ProductKernels* product_kernels() {
  return best_set().products;
}
const Int8Kernels* int8_kernels() {
  return best_set().int8;
}
const HalfKernels* half_kernels() {
  static const bool has = has_fp16();
  return has ? &avx512_fp16::kHalf : nullptr;
}
const MixedKernels* mixed_kernels() {
  return half_kernels() == nullptr ? nullptr : &avx512_fp16::kMixed;
}
const char* kernel_set_name() {
  return best_set().name;
}

std::size_t attention_scratch(const AttentionShape& shape, std::size_t row_count) {
  // The backward pass needs the most: seven matrices, two vectors, two blocks of 32 score rows and
  // two blocks of gradients, all padded to 32 rows.
  const std::size_t wide = (row_count + 31) / 32 * 32;
  return 7 * wide * shape.head_size + 2 * wide + 2 * 32 * wide + 2 * 32 * shape.head_size;
}

}  // namespace cloudfolio::encoder

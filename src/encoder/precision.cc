#include "encoder/precision.h"

#include <cpuid.h>

#include "encoder/kernels.h"

namespace cloudfolio::encoder {
namespace {

bool has_amx_bf16() {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  constexpr unsigned kAmxBf16 = 1U << 22;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (edx & kAmxBf16) != 0;
}

// AVX512-BF16 alone says little: AMD's cores and Cooper Lake multiply twice as fast in bf16 as in
// fp32, Intel's cores that were made for AMX half as fast, where a virtual machine hides AMX. The
// two are so far apart that a short measurement always decides the same.
bool bf16_is_faster() {
  const KernelSet* set = find_kernel_set("avx512");
  if (set == nullptr) return false;
  constexpr double kSpeedupMin = 1.25;
  return has_amx_bf16() || set->bf16_speedup() >= kSpeedupMin;
}

}  // namespace

Precision resolved(Precision wanted) {
  static const Precision best = bf16_is_faster() ? Precision::bf16
                                : runs_fp16()    ? Precision::fp16
                                                 : Precision::fp32;
  return wanted == Precision::automatic ? best : wanted;
}

bool runs_bf16() {
  return find_kernel_set("avx512") != nullptr;
}

bool runs_fp16() {
  return half_kernels() != nullptr;
}

bool runs_int8() {
  return int8_kernels() != nullptr;
}

std::string_view to_string(Precision precision) {
  switch (precision) {
    case Precision::automatic:
      return "automatic";
    case Precision::fp32:
      return "fp32";
    case Precision::bf16:
      return "bf16";
    case Precision::int8:
      return "int8";
    case Precision::fp16:
      return "fp16";
  }
  return "unknown";
}

}  // namespace cloudfolio::encoder

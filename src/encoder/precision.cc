#include "encoder/precision.h"

namespace cloudfolio::encoder {

Precision resolved(Precision wanted) {
  if (wanted != Precision::automatic) return wanted;
  const bool has_bf16 = __builtin_cpu_supports("avx512bf16") &&
                        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                        __builtin_cpu_supports("avx512dq");
  return has_bf16 ? Precision::bf16 : Precision::fp32;
}

std::string_view to_string(Precision precision) {
  switch (precision) {
    case Precision::automatic:
      return "automatic";
    case Precision::fp32:
      return "fp32";
    case Precision::bf16:
      return "bf16";
  }
  return "unknown";
}

}  // namespace cloudfolio::encoder

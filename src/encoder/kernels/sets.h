#pragma once
// The compiled sets; kernels.cc picks one that the processor can run.

#include "encoder/kernels.h"

namespace cloudfolio::encoder {
namespace avx512 {
extern const KernelSet kSet;
}
namespace avx512_fp16 {
extern const HalfKernels kHalf;
extern const MixedKernels kMixed;
}  // namespace avx512_fp16
namespace avx2 {
extern const KernelSet kSet;
}
namespace portable {
extern const KernelSet kSet;
}
}  // namespace cloudfolio::encoder

// The kernels for any x86-64 (options in CMakeLists.txt). Nothing here may run before kernels.cc
// asked the processor.
#include <cstddef>
#include <cstdint>

#include "encoder/architecture.h"
#include "encoder/kernels.h"
#include "encoder/kernels/sets.h"

namespace cloudfolio::encoder::portable {
namespace {

// Each builds on the one before.
#include "encoder/kernels/vector.inc"

#include "encoder/kernels/rows.inc"

#include "encoder/kernels/attention.inc"

#include "encoder/kernels/set.inc"

}  // namespace

const KernelSet kSet = {"portable", &kFp32, &kBf16, nullptr, &kFloats, nullptr, nullptr, nullptr};

}  // namespace cloudfolio::encoder::portable

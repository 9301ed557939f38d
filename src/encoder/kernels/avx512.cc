// The kernels for AVX-512 with BF16 and VNNI (options in CMakeLists.txt). Nothing here may run
// before kernels.cc asked the processor.
#include <cstddef>
#include <cstdint>

#include <immintrin.h>

#include "encoder/architecture.h"
#include "encoder/kernels.h"
#include "encoder/kernels/sets.h"

namespace cloudfolio::encoder::avx512 {
namespace {

// Each builds on the one before.
#include "encoder/kernels/vector.inc"

#include "encoder/kernels/rows.inc"

#include "encoder/kernels/attention.inc"

#include "encoder/kernels/product.inc"

#include "encoder/kernels/int8.inc"

#include "encoder/kernels/set.inc"

constexpr Kernels<Half> kFp16 = make_kernels<Half>();

// Cycles of `rounds` rounds of twelve independent products.
template <class Multiply>
unsigned long long cycles_of(int rounds, Multiply multiply) {
  __m512 sums[12];
  for (__m512& s : sums) s = _mm512_setzero_ps();
  const unsigned long long begin = __rdtsc();
  for (int i = 0; i < rounds; ++i) {
    for (__m512& s : sums) s = multiply(s);
  }
  const unsigned long long cycles = __rdtsc() - begin;
  F16 total{};
  for (const __m512& s : sums) total += reinterpret_cast<F16>(s);
  const volatile float used = sum(total);  // So that nothing is left out.
  (void)used;
  return cycles;
}

double bf16_speedup() {
  constexpr int kRounds = 500;
  const __m512 x = _mm512_set1_ps(0.001F);
  const __m512bh y = _mm512_cvtne2ps_pbh(x, x);
  unsigned long long fp32 = ~0ULL;
  unsigned long long bf16 = ~0ULL;
  for (int attempt = 0; attempt < 8; ++attempt) {  // The best of several: others use the core too.
    const auto a = cycles_of(kRounds, [&](__m512 s) { return _mm512_fmadd_ps(x, x, s); });
    const auto b = cycles_of(kRounds, [&](__m512 s) { return _mm512_dpbf16_ps(s, y, y); });
    fp32 = a < fp32 ? a : fp32;
    bf16 = b < bf16 ? b : bf16;
  }
  return 2.0 * static_cast<double>(fp32) / static_cast<double>(bf16);
}

}  // namespace

const KernelSet kSet = {"avx512", &kFp32,     &kBf16, &kFp16,
                        &kFloats, &kProducts, &kInt8, &bf16_speedup};

}  // namespace cloudfolio::encoder::avx512

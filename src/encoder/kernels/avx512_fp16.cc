// Products in fp16 for processors with AVX512-FP16, which multiply twice as many of these numbers
// at a time as of fp32. Nothing here may run before kernels.cc asked the processor.
//
// A register of the left operand holds one pair (k, k + 1) sixteen times, one of the weights the
// same pair of sixteen outputs: a lane sums every second product of its output. Lanes are emptied
// into fp32 every kDepth products, so that they lose no more than the operands' own rounding.
#include <cstddef>
#include <cstdint>

#include <immintrin.h>

#include "encoder/kernels.h"
#include "encoder/kernels/sets.h"

namespace cloudfolio::encoder::avx512_fp16 {
namespace {

constexpr std::size_t kLanes = 16;
constexpr std::size_t kRows = kHalfTileRows;
constexpr std::size_t kDepth = 128;
// Rows that are converted together: with them a panel stays in the second cache.
constexpr std::size_t kBlockRows = 256;

typedef std::int32_t Pair __attribute__((aligned(2), may_alias));

inline void convert(const float* in, std::size_t count, std::uint16_t* out) {
  for (std::size_t k = 0; k < count; k += kLanes) {
    const __m256i half = _mm512_cvtps_ph(_mm512_loadu_ps(in + k), _MM_FROUND_TO_NEAREST_INT);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + k), half);
  }
}

// [panel][k / 2][output][2], the last panel filled up with zeros.
void pack(const float* w, std::size_t outputs, std::size_t inputs, std::uint16_t* panels) {
  const std::size_t last = outputs / kPanelWidth * kPanelWidth;
  if (last < outputs) {
    __builtin_memset(panels + last * inputs, 0, kPanelWidth * inputs * sizeof(std::uint16_t));
  }
  for (std::size_t n = 0; n < outputs; ++n) {
    const std::size_t first = n / kPanelWidth * kPanelWidth;
    std::uint16_t* panel = panels + first * inputs;
    for (std::size_t k = 0; k < inputs; k += kLanes) {
      std::uint16_t row[kLanes];
      convert(w + n * inputs + k, kLanes, row);
      for (std::size_t i = 0; i < kLanes; ++i) {
        panel[((k + i) / 2 * kPanelWidth + n - first) * 2 + i % 2] = row[i];
      }
    }
  }
}

// Three sums of a row; named ones stay in registers.
struct RowSums {
  __m512h first = _mm512_setzero_ph();
  __m512h second = _mm512_setzero_ph();
  __m512h third = _mm512_setzero_ph();

  __attribute__((always_inline)) void add(const std::uint16_t* a, __m512h b0, __m512h b1,
                                          __m512h b2) {
    const auto pair =
        reinterpret_cast<__m512h>(_mm512_set1_epi32(*reinterpret_cast<const Pair*>(a)));
    first = _mm512_fmadd_ph(pair, b0, first);
    second = _mm512_fmadd_ph(pair, b1, second);
    third = _mm512_fmadd_ph(pair, b2, third);
  }
  __attribute__((always_inline)) static void empty_one(__m512h sum, float* onto) {
    const auto bits = reinterpret_cast<__m512i>(sum);
    const __m512 even = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(bits));
    const __m512 odd = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(_mm512_srli_epi32(bits, 16)));
    _mm512_storeu_ps(onto, _mm512_add_ps(_mm512_loadu_ps(onto), _mm512_add_ps(even, odd)));
  }
  __attribute__((always_inline)) void empty(float* onto) const {
    empty_one(first, onto);
    empty_one(second, onto + kLanes);
    empty_one(third, onto + 2 * kLanes);
  }
};

constexpr std::size_t kLineBytes = 64;
constexpr std::size_t kLinesAStep = 2 * kPanelWidth * sizeof(std::uint16_t) / kLineBytes;

// Adds kRows rows' products over `depth` inputs onto sums [kRows][kPanelWidth]. `kLines` lines from
// `next` on are fetched for each two inputs.
template <std::size_t kLines>
inline void add_block(const std::uint16_t* a, std::size_t stride, const std::uint16_t* panel,
                      std::size_t depth, const char* next, float* sums) {
  RowSums s0, s1, s2, s3, s4, s5, s6, s7;
  for (std::size_t k = 0; k < depth; k += 2) {
    const __m512h b0 = _mm512_loadu_ph(panel);
    const __m512h b1 = _mm512_loadu_ph(panel + 2 * kLanes);
    const __m512h b2 = _mm512_loadu_ph(panel + 4 * kLanes);
    for (std::size_t i = 0; i < kLines; ++i) __builtin_prefetch(next + i * kLineBytes, 0, 2);
    next += kLines * kLineBytes;
    panel += 2 * kPanelWidth;
    s0.add(a + k, b0, b1, b2);
    s1.add(a + stride + k, b0, b1, b2);
    s2.add(a + 2 * stride + k, b0, b1, b2);
    s3.add(a + 3 * stride + k, b0, b1, b2);
    s4.add(a + 4 * stride + k, b0, b1, b2);
    s5.add(a + 5 * stride + k, b0, b1, b2);
    s6.add(a + 6 * stride + k, b0, b1, b2);
    s7.add(a + 7 * stride + k, b0, b1, b2);
  }
  s0.empty(sums);
  s1.empty(sums + kPanelWidth);
  s2.empty(sums + 2 * kPanelWidth);
  s3.empty(sums + 3 * kPanelWidth);
  s4.empty(sums + 4 * kPanelWidth);
  s5.empty(sums + 5 * kPanelWidth);
  s6.empty(sums + 6 * kPanelWidth);
  s7.empty(sums + 7 * kPanelWidth);
}

// kRows rows of `x`, of which `rows` count, times the panel of the outputs from `first` on, to y.
template <std::size_t kLines>
inline void compute_tile(const HalfTiles& t, const std::uint16_t* x, std::size_t rows,
                         std::size_t first, const char* next, float* y) {
  const std::size_t left = t.outputs - first;
  const std::size_t width = left < kPanelWidth ? left : kPanelWidth;
  alignas(64) float sums[kRows * kPanelWidth];
  for (std::size_t c = 0; c < kPanelWidth; c += kLanes) {
    const __m512 begin =
        t.bias != nullptr && c < width ? _mm512_loadu_ps(t.bias + first + c) : _mm512_setzero_ps();
    for (std::size_t r = 0; r < kRows; ++r) _mm512_store_ps(sums + r * kPanelWidth + c, begin);
  }
  const std::uint16_t* panel = t.panels + first / kPanelWidth * t.panel_step;
  for (std::size_t k = 0; k < t.inputs; k += kDepth) {
    const std::size_t depth = t.inputs - k < kDepth ? t.inputs - k : kDepth;
    add_block<kLines>(x + k, t.inputs, panel + k * kPanelWidth, depth, next, sums);
    next += depth / 2 * kLines * kLineBytes;
  }
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < width; c += kLanes) {
      _mm512_storeu_ps(y + r * t.y_row + first + c, _mm512_load_ps(sums + r * kPanelWidth + c));
    }
  }
}

// Few rows need as long for a panel as it takes to fetch the next one: all of its tiles take part.
inline std::size_t lines_a_step(std::size_t tile, std::size_t tile_count) {
  if (tile_count == 1) return kLinesAStep;
  if (tile_count == 2) return tile == 0 ? 2 : 1;
  return tile_count - tile <= kLinesAStep ? 1 : 0;
}

void multiply_tiles(const HalfTiles& t) {
  const std::size_t tile_count = (t.rows + kRows - 1) / kRows;
  for (std::size_t first = 0; first < t.outputs; first += kPanelWidth) {
    const std::uint16_t* panel = t.panels + (first / kPanelWidth + 1) * t.panel_step;
    const auto* next =
        reinterpret_cast<const char*>(first + kPanelWidth < t.outputs ? panel : t.next);
    for (std::size_t tile = 0; tile < tile_count; ++tile) {
      const std::size_t r = tile * kRows;
      const std::size_t rows = t.rows - r < kRows ? t.rows - r : kRows;
      const std::uint16_t* x = t.x + r * t.inputs;
      float* y = t.y + r * t.y_row;
      const std::size_t lines = next == nullptr ? 0 : lines_a_step(tile, tile_count);
      if (lines == 0) compute_tile<0>(t, x, rows, first, next, y);
      if (lines == 1) compute_tile<1>(t, x, rows, first, next, y);
      if (lines == 2) compute_tile<2>(t, x, rows, first, next, y);
      if (lines == 3) compute_tile<3>(t, x, rows, first, next, y);
      next += lines * (t.inputs / 2) * kLineBytes;
    }
  }
}

void convert_rows(const float* in, std::size_t rows, std::size_t width, std::uint16_t* out) {
  convert(in, rows * width, out);
  // Rows of nothing, so that a tile never meets what an earlier product left.
  __builtin_memset(out + rows * width, 0, kRows * width * sizeof(std::uint16_t));
}

void multiply(const HalfProduct& p) {
  for (std::size_t row = 0; row < p.rows; row += kBlockRows) {
    const std::size_t rows = p.rows - row < kBlockRows ? p.rows - row : kBlockRows;
    convert_rows(p.x + row * p.inputs, rows, p.inputs, p.scratch);
    multiply_tiles({p.scratch, rows, p.inputs, p.panels, kPanelWidth * p.inputs, p.outputs, nullptr,
                    p.bias, p.y + row * p.outputs, p.outputs});
  }
}

std::size_t scratch(std::size_t rows, std::size_t inputs) {
  return ((rows < kBlockRows ? rows : kBlockRows) + kRows) * inputs;
}

}  // namespace

const HalfKernels kHalf = {&pack, &multiply, &scratch, &convert_rows, &multiply_tiles};

}  // namespace cloudfolio::encoder::avx512_fp16

// Products in fp16 for processors with AVX512-FP16, which multiply twice as many of these numbers
// at a time as of fp32. Nothing here may run before kernels.cc asked the processor.
#include <cstddef>
#include <cstdint>

#include <immintrin.h>

#include "encoder/kernels.h"
#include "encoder/kernels/sets.h"

namespace cloudfolio::encoder::avx512_fp16 {
namespace {

// Rows that are converted together: with them a panel stays in the second cache.
constexpr std::size_t kBlockRows = 256;

#include "encoder/kernels/half_tile.inc"

constexpr std::size_t kLinesAStep = 2 * kPanelWidth * sizeof(std::uint16_t) / kLineBytes;

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

// kRows rows of `x`, of which `rows` count, times the panel of the outputs from `first` on, to y.
template <std::size_t kRows, std::size_t kAhead>
void compute_tile(const HalfTiles& t, std::size_t row, std::size_t first, const char* next) {
  const std::size_t columns_left = t.outputs - first;
  const std::size_t rows_left = t.rows - row;
  product_tile<kRows, kAhead, float>(
      {reinterpret_cast<const Half*>(t.x + row * t.inputs), t.inputs, 2},
      reinterpret_cast<const Half*>(t.panels + first / kPanelWidth * t.panel_step), t.inputs, next,
      {t.bias == nullptr ? nullptr : t.bias + first, Sum::fresh, t.y + row * t.y_row + first,
       t.y_row, columns_left < kPanelWidth ? columns_left : kPanelWidth,
       rows_left < kRows ? rows_left : kRows});
}

using Compute = void (*)(const HalfTiles& t, std::size_t row, std::size_t first, const char* next);
template <std::size_t kRows>
constexpr Compute kCompute[] = {compute_tile<kRows, 0>, compute_tile<kRows, 1>,
                                compute_tile<kRows, 2>, compute_tile<kRows, 3>};
constexpr const Compute* kComputeRows[] = {kCompute<4>, kCompute<5>, kCompute<6>, kCompute<7>,
                                           kCompute<8>};
constexpr std::size_t kRowsMin = 4;

// Few rows need as long for a panel as it takes to fetch the next one: all of its tiles take part.
inline std::size_t lines_a_step(std::size_t tile, std::size_t tile_count) {
  if (tile_count == 1) return kLinesAStep;
  if (tile_count == 2) return tile == 0 ? 2 : 1;
  return tile_count - tile <= kLinesAStep ? 1 : 0;
}

// Tiles of as equal heights as they can have.
void multiply_tiles(const HalfTiles& t) {
  const std::size_t tile_count = (t.rows + kHalfTileRows - 1) / kHalfTileRows;
  if (tile_count == 0) return;
  std::size_t height = (t.rows + tile_count - 1) / tile_count;
  if (height < kRowsMin) height = kRowsMin;
  const Compute* compute = kComputeRows[height - kRowsMin];
  for (std::size_t first = 0; first < t.outputs; first += kPanelWidth) {
    const std::uint16_t* panel = t.panels + (first / kPanelWidth + 1) * t.panel_step;
    const auto* next =
        reinterpret_cast<const char*>(first + kPanelWidth < t.outputs ? panel : t.next);
    for (std::size_t tile = 0; tile < tile_count; ++tile) {
      const std::size_t lines = next == nullptr ? 0 : lines_a_step(tile, tile_count);
      compute[lines](t, tile * height, first, next);
      next += lines * (t.inputs / 2) * kLineBytes;
    }
  }
}

void convert_rows(const float* in, std::size_t rows, std::size_t width, std::uint16_t* out) {
  convert(in, rows * width, out);
  // Rows of nothing, so that a tile never meets what an earlier product left.
  __builtin_memset(out + rows * width, 0, kHalfTileRows * width * sizeof(std::uint16_t));
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
  return ((rows < kBlockRows ? rows : kBlockRows) + kHalfTileRows) * inputs;
}

}  // namespace

const HalfKernels kHalf = {&pack, &multiply, &scratch, &convert_rows, &multiply_tiles};

}  // namespace cloudfolio::encoder::avx512_fp16

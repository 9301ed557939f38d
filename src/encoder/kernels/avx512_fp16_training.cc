// Products of fp16 matrices for training, see MixedKernels in kernels.h. Nothing here may run
// before kernels.cc asked the processor.
#include <cstddef>
#include <cstdint>

#include <immintrin.h>

#include "encoder/kernels.h"
#include "encoder/kernels/sets.h"

namespace cloudfolio::encoder::avx512_fp16 {
namespace {

constexpr std::size_t kRows = kHalfTileRows;
// Numbers of the left operand that stay in the second-level cache while the panels go by.
constexpr std::size_t kLeftBlock = 98'304;

#include "encoder/kernels/half_tile.inc"

// Sixteen pairs of `even` and `odd`.
inline __m512i interleave(__m256i even, __m256i odd) {
  return _mm512_or_si512(_mm512_cvtepu16_epi32(even),
                         _mm512_slli_epi32(_mm512_cvtepu16_epi32(odd), 16));
}

inline __m256i halves(const float* in) {
  return _mm512_cvtps_ph(_mm512_loadu_ps(in), _MM_FROUND_TO_NEAREST_INT);
}
inline __m256i halves(const Half* in) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in));
}

inline __m256i nothing() {
  return _mm256_setzero_si256();
}

// `columns` columns of b[k][row] to panels [panel][k / 2][kPanelWidth][2]; the last panel filled up
// with zeros, as is the last pair of an odd number of rows.
template <class T>
inline void pack_panels(const T* b, std::size_t row, std::size_t k_count, std::size_t columns,
                        Half* panels) {
  for (std::size_t first = 0; first < columns; first += kPanelWidth) {
    for (std::size_t k = 0; k < k_count; k += 2) {
      for (std::size_t c = first; c < first + kPanelWidth; c += kLanes) {
        const T* at = b + k * row + c;
        __m512i pairs = _mm512_setzero_si512();
        if (c < columns) {
          pairs = interleave(halves(at), k + 1 < k_count ? halves(at + row) : nothing());
        }
        _mm512_storeu_si512(panels, pairs);
        panels += 2 * kLanes;
      }
    }
  }
}

void pack_rows(const float* b, std::size_t k_count, std::size_t columns, Half* panels) {
  pack_panels(b, columns, k_count, columns, panels);
}

// Rows of pairs become columns, in four rounds.
inline void transpose(__m512i (&r)[16]) {
  __m512i t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  for (int i = 0; i < 4; ++i) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xDD);
    t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xDD);
  }
  for (int i = 0; i < 4; ++i) {
    r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    r[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
    r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xDD);
    r[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xDD);
  }
}

// Columns b[n][k] to the same panels: sixteen columns of 32 numbers at a time, the last ones
// half of that.
void pack_columns(const float* b, std::size_t k_count, std::size_t columns, Half* panels) {
  for (std::size_t first = 0; first < columns; first += kPanelWidth) {
    for (std::size_t c = 0; c < kPanelWidth; c += kLanes) {
      for (std::size_t k = 0; k < k_count; k += 2 * kLanes) {
        const bool whole = k + kLanes < k_count;
        __m512i block[kLanes];
        for (std::size_t r = 0; r < kLanes; ++r) {
          block[r] = _mm512_setzero_si512();
          if (first + c >= columns) continue;
          const float* row = b + (first + c + r) * k_count + k;
          block[r] = _mm512_castsi256_si512(halves(row));
          const __m256i second = whole ? halves(row + kLanes) : nothing();
          block[r] = _mm512_inserti64x4(block[r], second, 1);
        }
        transpose(block);
        for (std::size_t r = 0; r < (whole ? kLanes : kLanes / 2); ++r) {
          _mm512_storeu_si512(panels + ((k / 2 + r) * kPanelWidth + c) * 2, block[r]);
        }
      }
    }
    panels += kPanelWidth * k_count;
  }
}

inline std::size_t panel_width(std::size_t columns, std::size_t first) {
  return columns - first < kPanelWidth ? columns - first : kPanelWidth;
}

template <class Out>
inline void multiply_to(const MixedProduct& p, Out* c) {
  const std::size_t block = (kLeftBlock / p.inner + kRows) / kRows * kRows;
  for (std::size_t row = 0; row < p.rows; row += block) {
    const std::size_t end = p.rows - row < block ? p.rows : row + block;
    for (std::size_t first = 0; first < p.columns; first += kPanelWidth) {
      const float* bias = p.bias == nullptr ? nullptr : p.bias + first;
      for (std::size_t r = row; r < end; r += kRows) {
        product_tile<kRows, 0, Out>(
            {p.a + r * p.inner, p.inner, 2}, p.panels + first * p.inner, p.inner, nullptr,
            {bias, Sum::fresh, c + r * p.columns + first, p.columns, panel_width(p.columns, first),
             end - r < kRows ? end - r : kRows});
      }
    }
  }
}

void multiply(const MixedProduct& p) {
  if (p.half != nullptr) {
    multiply_to(p, p.half);
  } else {
    multiply_to(p, p.wide);
  }
}

inline std::size_t even(std::size_t k_count) {
  return (k_count + 1) / 2 * 2;
}

// kGroup sixteens of dy's columns, in groups of eight: tiles[m / 8][k / 2][8][2]; their sums into
// or onto `sums`.
template <std::size_t kGroup>
inline void pack_gradient(const Half* dy, std::size_t row, std::size_t k_count, Half* tiles,
                          Sum sum, float* sums) {
  constexpr std::size_t kStep = 2 * kRows;
  __m512 totals[kGroup];
  for (std::size_t g = 0; g < kGroup; ++g) {
    totals[g] = sum == Sum::onto ? _mm512_loadu_ps(sums + g * kLanes) : _mm512_setzero_ps();
  }
  for (std::size_t k = 0; k < k_count; k += 2) {
    for (std::size_t g = 0; g < kGroup; ++g) {
      const Half* at = dy + k * row + g * kLanes;
      const __m256i upper = halves(at);
      const __m256i lower = k + 1 < k_count ? halves(at + row) : nothing();
      totals[g] = _mm512_add_ps(totals[g], _mm512_cvtph_ps(upper));
      totals[g] = _mm512_add_ps(totals[g], _mm512_cvtph_ps(lower));
      const __m512i pairs = interleave(upper, lower);
      Half* low = tiles + g * kLanes * even(k_count) + k / 2 * kStep;
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(low), _mm512_castsi512_si256(pairs));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(low + kRows * even(k_count)),
                          _mm512_extracti64x4_epi64(pairs, 1));
    }
  }
  for (std::size_t g = 0; g < kGroup; ++g) _mm512_storeu_ps(sums + g * kLanes, totals[g]);
}

// A whole cache line of each row of dy is read at a time, two of them where there are enough.
constexpr std::size_t kStripe = 4 * kLanes;

// Rows [k, k + k_count) of a gradient's product.
struct GradientRows {
  const MixedGradient& p;
  std::size_t k;
  std::size_t k_count;
  Sum sum;

  void pack_outputs(std::size_t first, std::size_t count, Half* tiles) const {
    const Half* dy = p.dy + k * p.outputs;
    std::size_t m = 0;
    for (; m + kStripe <= count; m += kStripe) {
      pack_gradient<4>(dy + first + m, p.outputs, k_count, tiles + m * even(k_count), sum,
                       p.d_bias + first + m);
    }
    for (; m < count; m += kLanes) {
      pack_gradient<1>(dy + first + m, p.outputs, k_count, tiles + m * even(k_count), sum,
                       p.d_bias + first + m);
    }
  }
  void pack_inputs(std::size_t first, std::size_t count, Half* panels) const {
    pack_panels(p.x + k * p.inputs + first, p.inputs, k_count, count, panels);
  }
  // Eight outputs, a panel of inputs.
  void multiply_tile(const Half* tile, std::size_t output, const Half* panel,
                     std::size_t input) const {
    product_tile<kRows, 0, float>({tile, 2, 2 * kRows}, panel, even(k_count), nullptr,
                                  {nullptr, sum, p.d_weight + output * p.inputs + input, p.inputs,
                                   panel_width(p.inputs, input), kRows});
  }
};

// The narrower operand is packed as a whole and stays in the second-level cache; the wider one goes
// by in stripes. A tile's sums meet memory once for all of the rows.
void multiply_gradient_rows(const GradientRows& rows) {
  const MixedGradient& p = rows.p;
  const std::size_t depth = even(rows.k_count);
  if (p.outputs >= p.inputs) {
    Half* tiles = p.scratch;
    Half* panels = tiles + kStripe * kMixedGradientRows;
    rows.pack_inputs(0, p.inputs, panels);
    for (std::size_t first = 0; first < p.outputs; first += kStripe) {
      const std::size_t count = p.outputs - first < kStripe ? p.outputs - first : kStripe;
      rows.pack_outputs(first, count, tiles);
      for (std::size_t m = 0; m < count; m += kRows) {
        for (std::size_t input = 0; input < p.inputs; input += kPanelWidth) {
          rows.multiply_tile(tiles + m * depth, first + m, panels + input * depth, input);
        }
      }
    }
    return;
  }
  Half* panels = p.scratch;
  Half* tiles = panels + 2 * kPanelWidth * kMixedGradientRows;
  rows.pack_outputs(0, p.outputs, tiles);
  for (std::size_t first = 0; first < p.inputs; first += 2 * kPanelWidth) {
    const std::size_t left = p.inputs - first;
    const std::size_t count = left < 2 * kPanelWidth ? left : 2 * kPanelWidth;
    rows.pack_inputs(first, count, panels);
    for (std::size_t input = 0; input < count; input += kPanelWidth) {
      for (std::size_t m = 0; m < p.outputs; m += kRows) {
        rows.multiply_tile(tiles + m * depth, m, panels + input * depth, first + input);
      }
    }
  }
}

void multiply_gradient(const MixedGradient& p) {
  const std::size_t blocks = (p.rows + kMixedGradientRows - 1) / kMixedGradientRows;
  if (blocks == 0) return;
  const std::size_t count = even((p.rows + blocks - 1) / blocks);
  for (std::size_t k = 0; k < p.rows; k += count) {
    multiply_gradient_rows(
        {p, k, p.rows - k < count ? p.rows - k : count, k == 0 ? p.sum : Sum::onto});
  }
}

std::size_t gradient_scratch(std::size_t outputs, std::size_t inputs) {
  const std::size_t narrow = outputs < inputs ? outputs : inputs;
  const std::size_t filled = (narrow + kPanelWidth - 1) / kPanelWidth * kPanelWidth;
  return (filled + 2 * kPanelWidth) * kMixedGradientRows;
}

}  // namespace

const MixedKernels kMixed = {&pack_rows, &pack_columns, &multiply, &multiply_gradient,
                             &gradient_scratch};

}  // namespace cloudfolio::encoder::avx512_fp16

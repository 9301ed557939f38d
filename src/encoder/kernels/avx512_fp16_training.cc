// Products of fp16 matrices for training, see MixedKernels in kernels.h. Nothing here may run
// before kernels.cc asked the processor.
//
// As in avx512_fp16.cc a register of the left operand holds one pair (k, k + 1) sixteen times, one
// of the right the same pair of sixteen columns. Lanes are emptied into fp32 every kDepth products,
// two rows' together: pairs are added first, so that a register holds two rows of sixteen columns.
#include <cstddef>
#include <cstdint>

#include <immintrin.h>

#include "encoder/kernels.h"
#include "encoder/kernels/sets.h"

namespace cloudfolio::encoder::avx512_fp16 {
namespace {

constexpr std::size_t kLanes = 16;
constexpr std::size_t kRows = 8;
constexpr std::size_t kDepth = 192;
// Numbers of the left operand that stay in the second-level cache while the panels go by.
constexpr std::size_t kLeftBlock = 98'304;

typedef std::int32_t Pair __attribute__((aligned(2), may_alias));

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

// Rows b[k][columns] to panels [panel][k / 2][kPanelWidth][2]; the last panel filled up
// with zeros, as is the last pair of an odd number of rows.
template <class T>
inline void pack_panels(const T* b, std::size_t k_count, std::size_t columns, Half* panels) {
  for (std::size_t first = 0; first < columns; first += kPanelWidth) {
    for (std::size_t k = 0; k < k_count; k += 2) {
      for (std::size_t c = first; c < first + kPanelWidth; c += kLanes) {
        const T* at = b + k * columns + c;
        __m512i pairs = _mm512_setzero_si512();
        if (c < columns) {
          pairs = interleave(halves(at), k + 1 < k_count ? halves(at + columns) : nothing());
        }
        _mm512_storeu_si512(panels, pairs);
        panels += 2 * kLanes;
      }
    }
  }
}

void pack_rows(const float* b, std::size_t k_count, std::size_t columns, Half* panels) {
  pack_panels(b, k_count, columns, panels);
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

// Three sums of a row; named ones stay in registers.
struct RowSums {
  __m512h first = _mm512_setzero_ph();
  __m512h second = _mm512_setzero_ph();
  __m512h third = _mm512_setzero_ph();

  __attribute__((always_inline)) void add(const Half* a, __m512h b0, __m512h b1, __m512h b2) {
    const auto pair =
        reinterpret_cast<__m512h>(_mm512_set1_epi32(*reinterpret_cast<const Pair*>(a)));
    first = _mm512_fmadd_ph(pair, b0, first);
    second = _mm512_fmadd_ph(pair, b1, second);
    third = _mm512_fmadd_ph(pair, b2, third);
  }
};

// Into or onto 32 sums: sixteen columns of two rows, alternating.
template <Sum sum>
__attribute__((always_inline)) inline void empty_two(__m512h upper, __m512h lower, float* onto) {
  const auto a = reinterpret_cast<__m512i>(upper);
  const auto b = reinterpret_cast<__m512i>(lower);
  constexpr __mmask32 kOdd = 0xAAAAAAAA;
  const __m512i even = _mm512_mask_blend_epi16(kOdd, a, _mm512_slli_epi32(b, 16));
  const __m512i odd = _mm512_mask_blend_epi16(kOdd, _mm512_srli_epi32(a, 16), b);
  const auto sums = reinterpret_cast<__m512i>(
      _mm512_add_ph(reinterpret_cast<__m512h>(even), reinterpret_cast<__m512h>(odd)));
  __m512 low = _mm512_cvtph_ps(_mm512_castsi512_si256(sums));
  __m512 high = _mm512_cvtph_ps(_mm512_extracti64x4_epi64(sums, 1));
  if (sum == Sum::onto) {
    low = _mm512_add_ps(_mm512_load_ps(onto), low);
    high = _mm512_add_ps(_mm512_load_ps(onto + kLanes), high);
  }
  _mm512_store_ps(onto, low);
  _mm512_store_ps(onto + kLanes, high);
}
template <Sum sum>
__attribute__((always_inline)) inline void empty_two(const RowSums& upper, const RowSums& lower,
                                                     float* onto) {
  empty_two<sum>(upper.first, lower.first, onto);
  empty_two<sum>(upper.second, lower.second, onto + 2 * kLanes);
  empty_two<sum>(upper.third, lower.third, onto + 4 * kLanes);
}

// Pair k of row r is at[r·row + k·step].
struct Left {
  const Half* at;
  std::size_t row;
  std::size_t step;
};

// kRows rows' products over `depth` numbers, into or onto sums [kRows / 2][kPanelWidth][2].
template <Sum sum>
inline void add_block(const Left& left, const Half* panel, std::size_t depth, float* sums) {
  RowSums s0, s1, s2, s3, s4, s5, s6, s7;
  const std::size_t row = left.row;
  const Half* a = left.at;
  const Half* b = a + 4 * row;
  for (std::size_t k = 0; k < depth; k += 2) {
    const __m512h b0 = _mm512_loadu_ph(panel);
    const __m512h b1 = _mm512_loadu_ph(panel + 2 * kLanes);
    const __m512h b2 = _mm512_loadu_ph(panel + 4 * kLanes);
    panel += 2 * kPanelWidth;
    s0.add(a, b0, b1, b2);
    s1.add(a + row, b0, b1, b2);
    s2.add(a + 2 * row, b0, b1, b2);
    s3.add(a + 3 * row, b0, b1, b2);
    s4.add(b, b0, b1, b2);
    s5.add(b + row, b0, b1, b2);
    s6.add(b + 2 * row, b0, b1, b2);
    s7.add(b + 3 * row, b0, b1, b2);
    a += left.step;
    b += left.step;
  }
  empty_two<sum>(s0, s1, sums);
  empty_two<sum>(s2, s3, sums + 2 * kPanelWidth);
  empty_two<sum>(s4, s5, sums + 4 * kPanelWidth);
  empty_two<sum>(s6, s7, sums + 6 * kPanelWidth);
}

inline void store(Half* at, __m512 x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(at),
                      _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
}
inline void store(float* at, __m512 x) {
  _mm512_storeu_ps(at, x);
}

// What becomes of a tile's sums.
template <class Out>
struct Ends {
  const float* bias;  // May be null.
  Sum sum;            // `onto` only for float.
  Out* c;
  std::size_t c_row;
  std::size_t width;
  std::size_t rows;
};

inline __m512 begin_of(const float* c) {
  return _mm512_loadu_ps(c);
}
inline __m512 begin_of(const Half*) {
  return _mm512_setzero_ps();
}

template <class Out>
inline void product_tile(const Left& left, const Half* panel, std::size_t k_count,
                         const Ends<Out>& ends) {
  alignas(64) float sums[kRows * kPanelWidth];
  if (ends.sum == Sum::onto) {
    for (std::size_t r = 0; r < kRows; ++r) {
      for (std::size_t c = 0; c < ends.width; c += kLanes) {
        __builtin_prefetch(ends.c + r * ends.c_row + c, 1);
      }
    }
  }
  add_block<Sum::fresh>(left, panel, k_count < kDepth ? k_count : kDepth, sums);
  for (std::size_t k = kDepth; k < k_count; k += kDepth) {
    const std::size_t depth = k_count - k < kDepth ? k_count - k : kDepth;
    add_block<Sum::onto>({left.at + k / 2 * left.step, left.row, left.step},
                         panel + k * kPanelWidth, depth, sums);
  }
  const __m512i first =
      _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i second = _mm512_add_epi32(first, _mm512_set1_epi32(1));
  for (std::size_t c = 0; c < ends.width; c += kLanes) {
    const __m512 bias = ends.bias == nullptr ? _mm512_setzero_ps() : _mm512_loadu_ps(ends.bias + c);
    for (std::size_t r = 0; r < ends.rows; r += 2) {
      const float* both = sums + r * kPanelWidth + 2 * c;
      const __m512 low = _mm512_load_ps(both);
      const __m512 high = _mm512_load_ps(both + kLanes);
      __m512 upper = _mm512_add_ps(_mm512_permutex2var_ps(low, first, high), bias);
      __m512 lower = _mm512_add_ps(_mm512_permutex2var_ps(low, second, high), bias);
      Out* at = ends.c + r * ends.c_row + c;
      if (ends.sum == Sum::onto) {  // Only of whole tiles.
        upper = _mm512_add_ps(upper, begin_of(at));
        lower = _mm512_add_ps(lower, begin_of(at + ends.c_row));
      }
      store(at, upper);
      if (r + 1 < ends.rows) store(at + ends.c_row, lower);
    }
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
        product_tile<Out>({p.a + r * p.inner, p.inner, 2}, p.panels + first * p.inner, p.inner,
                          {bias, Sum::fresh, c + r * p.columns + first, p.columns,
                           panel_width(p.columns, first), end - r < kRows ? end - r : kRows});
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

// Columns of dy in groups of eight: tiles[m / 8][k / 2][8][2].
inline void pack_gradient(const Half* dy, std::size_t outputs, std::size_t k_count, Half* tiles) {
  constexpr std::size_t kStep = 2 * kRows;
  for (std::size_t k = 0; k < k_count; k += 2) {
    for (std::size_t m = 0; m < outputs; m += kLanes) {
      const Half* at = dy + k * outputs + m;
      const __m512i pairs =
          interleave(halves(at), k + 1 < k_count ? halves(at + outputs) : nothing());
      Half* low = tiles + m * even(k_count) + k / 2 * kStep;
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(low), _mm512_castsi512_si256(pairs));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(low + kRows * even(k_count)),
                          _mm512_extracti64x4_epi64(pairs, 1));
    }
  }
}

void multiply_gradient(const MixedGradient& p) {
  Half* panels = p.scratch + p.outputs * kMixedGradientRows;
  for (std::size_t k = 0; k < p.rows; k += kMixedGradientRows) {
    const std::size_t k_count = p.rows - k < kMixedGradientRows ? p.rows - k : kMixedGradientRows;
    pack_gradient(p.dy + k * p.outputs, p.outputs, k_count, p.scratch);
    pack_panels(p.x + k * p.inputs, k_count, p.inputs, panels);
    const Sum sum = k == 0 ? p.sum : Sum::onto;
    const std::size_t depth = even(k_count);
    for (std::size_t first = 0; first < p.inputs; first += kPanelWidth) {
      for (std::size_t m = 0; m < p.outputs; m += kRows) {
        product_tile<float>({p.scratch + m * depth, 2, 2 * kRows}, panels + first * depth, depth,
                            {nullptr, sum, p.d_weight + m * p.inputs + first, p.inputs,
                             panel_width(p.inputs, first), kRows});
      }
    }
  }
}

std::size_t gradient_scratch(std::size_t outputs, std::size_t inputs) {
  const std::size_t filled = (inputs + kPanelWidth - 1) / kPanelWidth * kPanelWidth;
  return (outputs + filled) * kMixedGradientRows;
}

}  // namespace

const MixedKernels kMixed = {&pack_rows, &pack_columns, &multiply, &multiply_gradient,
                             &gradient_scratch};

}  // namespace cloudfolio::encoder::avx512_fp16

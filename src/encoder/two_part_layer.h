#pragma once
// A layer of the forward pass in two parts that need not hear of each other until the end: each has
// half of the heads, then half of the inner width, and the inputs' half of the product that
// follows. Two cores then meet four times a layer and hand each other a row's width, instead of at
// every product with all of its rows.
//
// Products in fp16 (half_products.h). The result does not depend on who computes the parts: with a
// companion, both threads; else the caller, one after the other.

#include <array>
#include <cstddef>
#include <cstdint>

#include "encoder/architecture.h"
#include "encoder/buffer.h"
#include "encoder/half_products.h"
#include "encoder/packed_batch.h"

namespace cloudfolio::encoder {

class Companion;

// Scratch of one pass at a time, and what computes with it.
class TwoPartLayer {
 public:
  // Whether heads and widths can be halved in whole panels.
  static bool fits(const Architecture& architecture);

  struct Weights {
    const HalfWeight* first;   // Queries, keys and values; or into the inner width.
    const HalfWeight* second;  // Back to `hidden`.
    const float* first_bias;
    const float* second_bias;
    const HalfWeight* next;  // The following call's `first`, or null: fetched meanwhile.
  };

  // `companion` is borrowed, awake while anything below runs, and may be null.
  void share_with(Companion* companion) { companion_ = companion; }
  // Before the layers of a pass.
  void prepare(const Architecture& architecture, const PackedBatch& batch);

  // branch [rows][hidden] = Attention(input)·Wᵀ + b
  void attend(const Weights& weights, const PackedBatch& batch, const float* input, float* branch);
  // branch [rows][hidden] = GELU(middle·W1ᵀ + b1)·W2ᵀ + b2
  void feed_forward(const Weights& weights, const PackedBatch& batch, const float* middle,
                    float* branch);

 private:
  static constexpr std::size_t kParts = 2;
  struct Part {
    float* wide;          // [rows][3·hidden/2] or [rows][intermediate/2]
    float* narrow;        // [rows][hidden/2]
    std::uint16_t* half;  // Either, in fp16.
    float* sum;           // [rows][hidden]: of the second part.
    float* attention;     // Scratch.
  };
  void cut(Cutter& cutter, const PackedBatch& batch);
  template <class Work>
  void run(const Work& work);
  void multiply_back(const Weights& weights, const Part& part, std::size_t i, std::size_t rows,
                     const float* in, std::size_t width, std::size_t next_width, float* branch);

  Architecture architecture_;
  Companion* companion_ = nullptr;
  Buffer memory_;
  std::uint16_t* input_ = nullptr;  // In fp16.
  std::array<Part, kParts> parts_{};
};

}  // namespace cloudfolio::encoder

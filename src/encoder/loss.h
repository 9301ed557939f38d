#pragma once
// The two training losses and their gradients, over the unit vectors of a step's pairs.
//
// Vectors: row 2i is pair i's anchor, row 2i + 1 its positive. Formulas: trainer.h.

#include <cstddef>
#include <cstdint>
#include <span>

namespace cloudfolio::encoder {

struct PairFacts {
  float label = 1.0F;
  std::uint64_t anchor_group = 0;
  std::uint64_t positive_group = 0;
};

struct UnitVectors {
  const float* rows;  // [2·pairs][dimension]
  std::size_t dimension;
};

// Each returns the loss and writes the gradient of `vectors`, of the same size. `scores` is room
// for one number a pair.
double ranking_loss(const UnitVectors& vectors, std::span<const PairFacts> pairs, double scale,
                    std::span<double> scores, std::span<float> gradient);
double cosine_loss(const UnitVectors& vectors, std::span<const PairFacts> pairs,
                   std::span<float> gradient);

}  // namespace cloudfolio::encoder

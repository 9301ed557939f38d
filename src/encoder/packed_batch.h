#pragma once
// The texts of one pass, packed.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "encoder/kernels.h"
#include "encoder/tokenizer.h"

namespace cloudfolio::encoder {

// How many rows a batch has: few different numbers where products are prepared for each, else as
// many as it has tokens.
enum class RowCounts { few, exact };

// Sequences one after the other, without padding between them; at the end perhaps rows of nothing.
struct PackedBatch {
  TokenIds ids;
  std::vector<SequenceRows> sequences;
  // The number of each sequence within the step: what dropout is drawn by.
  std::vector<std::uint32_t> numbers;
  std::size_t row_count = 0;
  std::size_t longest = 0;

  std::size_t token_count() const { return ids.size(); }
  void clear();
  void add(std::span<const TokenId> sequence, std::uint32_t number);
  // Decides row_count. Few counts: exact up to 64 rows, then in steps that grow with the batch.
  void finish(RowCounts counts);

  // Rows of nothing in an operand of products are zero, so that they add nothing to gradients.
  template <class T>
  void clear_tail(T* operand, std::size_t width) const {
    const std::size_t used = token_count();
    std::memset(static_cast<void*>(operand + used * width), 0,
                (row_count - used) * width * sizeof(T));
  }
};

}  // namespace cloudfolio::encoder

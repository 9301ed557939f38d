#pragma once
// How the sequences of a training step are spread over shards and batches.
//
// There are always kShardCount shards, whatever the number of threads: a shard's batches run in
// order and its gradients are summed in order, so that the result does not depend on threads.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "encoder/trainer.h"
#include "encoder/transformer.h"

namespace cloudfolio::encoder {

inline constexpr std::size_t kShardCount = 2;

// One packed batch of a shard: which sequences of the step it holds, and which gradient row each of
// its tokens adds to.
struct PlannedBatch {
  PackedBatch packed;
  std::vector<std::uint32_t> slots;  // A token.
};

class StepPlan {
 public:
  StepPlan(std::size_t vocabulary_count, RowCounts counts)
      : counts_(counts), slot_of_word_(vocabulary_count, -1) {}

  // Sequence 2i is pair i's anchor, 2i + 1 its positive. No batch has more than
  // `batch_token_count_max` tokens, unless a single sequence has. Reuses its memory from step to
  // step.
  void make(std::span<const TrainingPair> pairs, std::size_t batch_token_count_max);

  std::span<const PlannedBatch> shard(std::size_t i) const {
    return std::span(batches_[i]).first(batch_counts_[i]);
  }
  // The word of each slot.
  std::span<const std::int32_t> slot_ids() const { return slot_ids_; }
  std::size_t token_count() const { return token_count_; }

 private:
  PlannedBatch& next_batch(std::size_t shard);
  std::uint32_t slot(TokenId id);

  RowCounts counts_;
  std::vector<PlannedBatch> batches_[kShardCount];
  std::size_t batch_counts_[kShardCount] = {};
  std::size_t shard_costs_[kShardCount] = {};
  std::vector<std::int32_t> slot_of_word_;
  std::vector<std::int32_t> slot_ids_;
  std::vector<std::uint32_t> order_;
  std::size_t token_count_ = 0;
};

}  // namespace cloudfolio::encoder

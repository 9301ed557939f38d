#include "encoder/step_plan.h"

#include <algorithm>
#include <numeric>

namespace cloudfolio::encoder {

namespace {

// A sequence's share of a step: attention grows with the square of its length. Measured: a token of
// a text of 1,200 would take twice as long as one alone.
std::size_t cost_of(std::size_t token_count) {
  return token_count * (1200 + token_count);
}

}  // namespace

void StepPlan::make(std::span<const TrainingPair> pairs, std::size_t batch_token_count_max) {
  for (const std::int32_t id : slot_ids_) slot_of_word_[static_cast<std::size_t>(id)] = -1;
  slot_ids_.clear();
  token_count_ = 0;
  for (std::size_t s = 0; s < kShardCount; ++s) batch_counts_[s] = shard_costs_[s] = 0;
  const auto sequence_of = [&](std::size_t i) {
    return i % 2 == 0 ? pairs[i / 2].anchor : pairs[i / 2].positive;
  };
  // Longest first and each to the lighter shard: then the shards differ by little.
  order_.resize(2 * pairs.size());
  std::iota(order_.begin(), order_.end(), 0U);
  std::sort(order_.begin(), order_.end(), [&](std::uint32_t a, std::uint32_t b) {
    const std::size_t length_a = sequence_of(a).size();
    const std::size_t length_b = sequence_of(b).size();
    return length_a != length_b ? length_a > length_b : a < b;
  });
  for (const std::uint32_t i : order_) {
    const auto sequence = sequence_of(i);
    const auto lightest = std::min_element(std::begin(shard_costs_), std::end(shard_costs_));
    const auto s = static_cast<std::size_t>(lightest - std::begin(shard_costs_));
    shard_costs_[s] += cost_of(sequence.size());
    token_count_ += sequence.size();
    if (batch_counts_[s] == 0 ||
        batches_[s][batch_counts_[s] - 1].packed.token_count() + sequence.size() >
            batch_token_count_max) {
      next_batch(s);
    }
    PlannedBatch& batch = batches_[s][batch_counts_[s] - 1];
    batch.packed.add(sequence, i);
    for (const TokenId id : sequence) batch.slots.push_back(slot(id));
  }
  for (std::size_t s = 0; s < kShardCount; ++s) {
    for (std::size_t b = 0; b < batch_counts_[s]; ++b) batches_[s][b].packed.finish(counts_);
  }
}

PlannedBatch& StepPlan::next_batch(std::size_t shard) {
  auto& batches = batches_[shard];
  if (batch_counts_[shard] == batches.size()) batches.emplace_back();
  PlannedBatch& batch = batches[batch_counts_[shard]++];
  batch.packed.clear();
  batch.slots.clear();
  return batch;
}

std::uint32_t StepPlan::slot(TokenId id) {
  std::int32_t& slot = slot_of_word_[static_cast<std::size_t>(id)];
  if (slot < 0) {
    slot = static_cast<std::int32_t>(slot_ids_.size());
    slot_ids_.push_back(id);
  }
  return static_cast<std::uint32_t>(slot);
}

}  // namespace cloudfolio::encoder

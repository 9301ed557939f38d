#pragma once
// AdamW over a model's flat array of weights, as torch.optim.AdamW with sentence-transformers'
// groups.
//
// Word embeddings are updated sparsely, with the same result: a row that no step has used yet has
// neither mean nor variance, so that only weight decay moves it; these rows' decay is kept as one
// factor until the row is used or the weights are read. Every row that was ever used is updated at
// each step.
// Threads: one caller at a time; the work is spread over the given workers in fixed blocks, so that
// sums do not depend on their number.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "encoder/buffer.h"
#include "encoder/checkpoint.h"
#include "encoder/parameter_layout.h"
#include "encoder/workers.h"
#include "encoder/zeroed_array.h"

namespace cloudfolio::encoder {

// The gradient of one step, as shards that are summed in their order.
struct StepGradient {
  // One a shard: `dense` from the position embeddings on, `words` a row for each slot.
  struct Shard {
    float* dense;
    float* words;
  };
  std::span<const Shard> shards;
  std::span<const std::int32_t> slot_ids;  // The word of each slot; no word twice.
  double scale = 1.0;                      // The sums are so many times the gradient.
};

class AdamW {
 public:
  struct Rates {
    double learning_rate = 0;
    double weight_decay = 0;
    double gradient_norm_max = 0;
  };

  AdamW(const ParameterLayout& layout, std::size_t hidden, std::span<const float> weights);

  // The weights that the model computes with. Rows of words that no step has used yet lack their
  // decay: use() brings them up to date.
  const float* weights() const { return weights_.data(); }
  std::span<const float> weights_up_to_date();

  // Before a step computes with these words.
  void use(std::span<const std::int32_t> words);

  // Sums the shards into the first and returns the gradient's norm.
  double sum(const StepGradient& gradient, Workers& workers);
  // After sum(): clips and moves every weight.
  void update(const StepGradient& gradient, double norm, const Rates& rates, Workers& workers);

  // All that the next steps depend on, but for the rows of words that no step has used: these are
  // the model's own, which the optimiser that reads it was opened with.
  void save(CheckpointWriter& file) const;
  Status load(CheckpointReader& file);

 private:
  struct Block {
    std::size_t offset;  // Into the dense part.
    std::size_t count;
    bool decays;
  };
  // Rows of means and variances for words in use.
  struct Rows {
    Array<float> mean;
    Array<float> variance;
  };
  static constexpr std::size_t kBlockCount = 65'536;
  static constexpr std::size_t kRowsTogether = 256;

  float* row(std::size_t word) const { return weights_.data() + word * hidden_; }

  const std::size_t hidden_;
  const std::size_t word_count_;
  const std::size_t dense_offset_;
  const std::size_t trained_count_;
  Array<float> weights_;
  std::size_t weight_count_;
  ZeroedArray<float> mean_;
  ZeroedArray<float> variance_;
  std::vector<Block> blocks_;
  std::vector<double> squares_;
  std::vector<std::int32_t> place_of_word_;  // Into used_, −1: not used yet.
  std::vector<std::int32_t> used_;           // Words, in the order of their first use.
  std::vector<Rows> rows_;                   // kRowsTogether words each.
  std::vector<std::int32_t> slot_of_used_;   // Scratch of update().
  Array<float> zeros_;
  double unused_decay_ = 1.0;
  std::size_t step_count_ = 0;
};

}  // namespace cloudfolio::encoder

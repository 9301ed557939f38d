#pragma once
// Fine-tuning: forward, loss, backward and AdamW, one step at a time.
//
// The losses, the optimiser and the schedule are those of sentence-transformers' fit():
//  - multiple_negatives_ranking: cross-entropy over 20 · cosine(anchor, each positive of the step),
//    the anchor's own being right; mean over the pairs. Labels are ignored.
//  - cosine_similarity: mean of (cosine(anchor, positive) − label)².
//  - AdamW (betas 0.9 and 0.999, epsilon 1e-8, decoupled decay; none for biases and LayerNorm),
//    gradients clipped to a total norm, learning rate rising linearly from 0 over the warm-up steps
//    and falling linearly to 0 at the last step.
//
// Dropout: as BERT has it: on the embeddings, on each block's output before the residual, and on
// the attention probabilities. Whether an element is dropped is a hash of (seed, step, sequence of
// the step, place in the network, element), so it does not depend on threads or on batching; a kept
// one is scaled by 1/(1 − p).
//
// Numbers: in bf16 and fp16 the matrices are rounded at each step from fp32 weights, products are
// summed in fp32, activations and gradients between products are kept in 16 bits; norms, softmax,
// the residual stream's gradient and the optimiser are fp32. For fp16 a step's gradient is scaled
// (loss_scaling.h).
//
// Promises: the same model, options and steps give the same weights, bit for bit, on processors of
// the same type, for any thread count. A step of more tokens than `activation_token_count_max` is
// computed in parts, the forward pass twice (gradient caching), in the same memory; the gradient is
// that of the whole step. A step whose shapes and words were seen takes no memory from the heap,
// but for what oneDNN takes within its products (in bf16, and where there is no AVX-512) and gives
// back.
// Threads: one caller at a time. Keeps its own worker threads.
// Errors: invalid_argument for what a caller did wrong (no pairs, a sequence that is empty, too
// long or holds an id outside the vocabulary, a label that is not finite), and where loss or
// gradients are not finite: then the weights stay as they were before the step, and the trainer can
// be used on.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "encoder/checkpoint.h"
#include "encoder/model.h"
#include "encoder/phase_times.h"
#include "encoder/precision.h"
#include "encoder/tokenizer.h"

namespace cloudfolio::encoder {

enum class Loss : std::uint8_t { multiple_negatives_ranking, cosine_similarity };

struct TrainingPair {
  std::span<const TokenId> anchor;
  std::span<const TokenId> positive;
  float label = 1.0F;
  // Texts of one group are never each other's negatives: the positive of pair j is left out of the
  // candidates of pair i where their positives are of one group, or their anchors are. 0: no group.
  std::uint64_t anchor_group = 0;
  std::uint64_t positive_group = 0;
};

struct StepReport {
  double loss = 0;
  double gradient_norm = 0;  // Before clipping.
  double learning_rate = 0;
  std::size_t token_count = 0;
};

class Trainer {
 public:
  struct Options {
    double learning_rate = 2e-5;
    std::size_t warmup_step_count = 0;
    std::size_t total_step_count = 1;  // Later steps have learning rate 0.
    double weight_decay = 0.01;
    double gradient_norm_max = 1.0;
    double scale = 20.0;
    bool dropout = true;  // With the architecture's probabilities.
    std::uint64_t seed = 42;
    Precision precision = Precision::automatic;
    std::size_t thread_count = 0;  // 0: as many as the process may use.
    // Tokens whose activations are kept at once, over all threads. 0: as many as fit in 280 MiB,
    // some 5,000 of MiniLM in 16 bits and half as many in fp32.
    std::size_t activation_token_count_max = 0;
    // Times the phases of the steps where it is not null.
    const Clock* clock = nullptr;
  };

  static Result<std::unique_ptr<Trainer>> open(const Model& model, Options options);

  ~Trainer();
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  Result<StepReport> step(std::span<const TrainingPair> pairs, Loss loss);
  std::size_t step_count() const;
  // What the steps so far spent in a phase, summed over the threads; needs Options::clock.
  std::chrono::nanoseconds spent(Phase phase) const;

  // The model as trained so far.
  Model model() const;

  // Gives `sink` what the next steps depend on, with a note of the caller's (at most 16 MiB): some
  // 165 MB of MiniLM. Errors: the sink's.
  Status save_checkpoint(const CheckpointSink& sink, std::string_view note) const;
  // Before the first step: goes on where save_checkpoint() was called, and ends in the same
  // weights, bit for bit, on processors of the same type. Gives the note. Errors: conflict (of
  // another model, other options or precision); corrupt; the source's. After an error this trainer
  // must not be used.
  Result<std::string> resume(const CheckpointSource& source);

  // The gradient of `loss` in the order of the model's layout, without an update: for tests.
  struct Gradient;
  Result<Gradient> gradient(std::span<const TrainingPair> pairs, Loss loss);

 private:
  struct State;
  explicit Trainer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct Trainer::Gradient {
  double loss = 0;
  std::vector<float> values;
};

}  // namespace cloudfolio::encoder

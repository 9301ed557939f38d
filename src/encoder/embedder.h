#pragma once
// Token ids to sentence vectors: the forward pass.
//
// Sequences are packed one after the other, without padding, into batches by token budget; a batch
// is computed by `thread_count` threads, a call of few tokens on the calling thread alone.
//
// Promises: vectors have unit length; a sequence's vector does not depend on what else is in the
// batch beyond rounding (the same call gives the same bits).
// Threads: thread-safe; calls of few tokens run beside each other (up to kConcurrentCallsMax),
// large calls wait for each other, queries that come at the same time share a batch. Errors:
// invalid_argument for an empty sequence, one longer than the model's positions, an id outside the
// vocabulary; corrupt where the result is not finite, which in fp16 may also be activations beyond
// 65,504.

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "encoder/model.h"
#include "encoder/precision.h"
#include "encoder/tokenizer.h"

namespace cloudfolio::encoder {

inline constexpr std::size_t kConcurrentCallsMax = 8;

// One row a sequence.
class Embeddings {
 public:
  Embeddings(std::size_t row_count, std::size_t dimension)
      : row_count_(row_count), dimension_(dimension), values_(row_count * dimension) {}

  std::size_t row_count() const { return row_count_; }
  // Of how many sequences that differ: these were computed, the other rows are copies.
  std::size_t computed_count() const { return computed_count_; }
  void set_computed_count(std::size_t count) { computed_count_ = count; }
  std::size_t dimension() const { return dimension_; }
  std::span<const float> row(std::size_t i) const {
    return std::span(values_).subspan(i * dimension_, dimension_);
  }
  std::span<float> row(std::size_t i) {
    return std::span(values_).subspan(i * dimension_, dimension_);
  }
  std::span<const float> values() const { return values_; }

 private:
  std::size_t row_count_;
  std::size_t computed_count_ = 0;
  std::size_t dimension_;
  std::vector<float> values_;
};

class Embedder {
 public:
  struct Options {
    // automatic: see resolved(). fp16's vectors have a cosine of 0.999994 or more with
    // the exact ones over the benchmark's texts. int8 is for who gives quality for speed: over the
    // fixtures' texts its vectors have a cosine of 0.999 with the exact ones on average, 0.9976 at
    // worst.
    Precision precision = Precision::automatic;
    // Of embed_one(), whose time is that of reading the weights; automatic: as `precision`. Another
    // one keeps its own packed weights (11 MB in int8).
    Precision query_precision = Precision::automatic;
    // Threads of a large call, the caller's included; 0: as many as the process may use.
    std::size_t thread_count = 0;
    // Tokens computed at once by one thread: more costs memory (about 11 KB a token) and gains
    // nothing.
    std::size_t batch_token_count_max = 2048;
  };

  // Packs the weights for the processor: tens of milliseconds, about 22 MB in bf16 or fp16 beside
  // the model's own. Keeps a copy of `model` (which shares its weights).
  static Result<std::unique_ptr<Embedder>> open(const Model& model, Options options);
  static Result<std::unique_ptr<Embedder>> open(const Model& model) {
    return open(model, Options());
  }

  ~Embedder();
  Embedder(const Embedder&) = delete;
  Embedder& operator=(const Embedder&) = delete;

  Result<Embeddings> embed(std::span<const TokenIds> sequences) const;
  // A query as soon as possible: the calling thread computes it at once, in fp16 with the help of
  // another core that is free. Queries that come meanwhile wait and are computed together.
  Result<std::vector<float>> embed_one(std::span<const TokenId> sequence) const;

  const Model& model() const;
  Precision precision() const;

 private:
  struct State;
  explicit Embedder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cloudfolio::encoder

#pragma once
// The forward pass over texts' tokens, whatever numbers it is made in: what the embedder computes
// with.

#include <cstddef>
#include <memory>
#include <span>

#include "encoder/model.h"
#include "encoder/precision.h"
#include "encoder/query_batches.h"
#include "encoder/tokenizer.h"
#include "encoder/workers.h"

namespace cloudfolio::encoder {

// Threads: embed() up to kConcurrentCallsMax at a time, more wait; embed_query() any number.
// Errors: dnnl::error is thrown.
class ForwardPass {
 public:
  // Packs the weights of `model`, which must outlive it, on `workers`, used only meanwhile.
  // `precision` is resolved.
  static std::unique_ptr<ForwardPass> make(const Model& model, Workers& workers,
                                           Precision precision);
  virtual ~ForwardPass() = default;

  // One batch on the calling thread (OneThread must be in scope); rows[i] gets the vector of
  // sequence i.
  virtual void embed(std::span<const std::span<const TokenId>> sequences, float* const* rows) = 0;
  // One text as soon as possible, together with others that are waited for.
  virtual void embed_query(std::span<const TokenId> sequence, float* row) = 0;
};

}  // namespace cloudfolio::encoder

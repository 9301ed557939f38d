#pragma once
// Where an interrupted run goes on from: the trainer's state in pieces beside the models.
//
// Two states of a content are kept in turn, and the manifest (piece 0, written last) says which one
// counts, so that a run that is killed while it saves has the one before.
//
// Threads: one at a time. Errors: the cache's.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/context.h"
#include "base/result.h"
#include "cache/tenant_cache.h"
#include "encoder/checkpoint.h"

namespace cloudfolio::training {

class Checkpoints {
 public:
  // The cache outlives it.
  Checkpoints(const cache::TenantCache& tenant, std::string fingerprint)
      : tenant_(tenant), fingerprint_(std::move(fingerprint)) {}

  // `write` gives the sink the whole state; `step` is for who looks.
  Status save(const Context& ctx, std::size_t step,
              const std::function<Status(const encoder::CheckpointSink&)>& write);
  // What `read` makes of the last state. Errors: not_found (there is none), corrupt, read's own.
  Result<std::string> load(
      const Context& ctx,
      const std::function<Result<std::string>(const encoder::CheckpointSource&)>& read);
  // Forgets every state of this content.
  Status clear(const Context& ctx);

 private:
  const cache::TenantCache& tenant_;
  std::string fingerprint_;
  std::uint64_t turn_ = 0;  // Which of the two is written next.
};

}  // namespace cloudfolio::training

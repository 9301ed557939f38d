#pragma once
// What search needs of a model: texts to vectors. And where models come from: the base model once
// for everybody, a tuned one from its tenant's cache, kept in memory within a byte budget.

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/result.h"

namespace cloudfolio::cache {
class TenantCache;
}
namespace cloudfolio::encoder {
class Model;
}

namespace cloudfolio::search {

// Threads: thread-safe.
class TextEmbedder {
 public:
  virtual ~TextEmbedder() = default;
  // One vector of unit length a text, of dimension() elements.
  virtual Result<std::vector<std::vector<float>>> embed_texts(
      std::span<const std::string> texts) const = 0;
  virtual Result<std::vector<float>> embed_text(std::string_view text) const = 0;
  virtual std::size_t dimension() const = 0;
  // Names the weights: vectors of different fingerprints are never compared.
  virtual const std::string& fingerprint() const = 0;
  virtual std::size_t memory_bytes() const = 0;
};

class TextEmbedders {
 public:
  virtual ~TextEmbedders() = default;
  // `model` as in cache::IndexPointer: "base" or a tuned model's content fingerprint.
  // Errors: not_found (no such model, or no base weights on this machine: the message says how to
  // get them), corrupt (its bytes are damaged).
  virtual Result<std::shared_ptr<const TextEmbedder>> open(const Context& ctx,
                                                           const cache::TenantCache& tenant,
                                                           const std::string& model) = 0;
};

struct EncoderEmbeddersOptions {
  // Tuned models kept beside the base model; about 115 MB each. The one in use is always kept.
  std::size_t memory_bytes_max = 512ULL << 20;
  std::size_t thread_count = 0;  // Of one large call; 0: as many as the process may use.
};

// Called at most once with success; its error is given to every open("base") until then.
using BaseModelLoader = std::function<Result<encoder::Model>()>;
std::unique_ptr<TextEmbedders> make_encoder_embedders(BaseModelLoader load_base,
                                                      EncoderEmbeddersOptions options);

}  // namespace cloudfolio::search

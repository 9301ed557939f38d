#pragma once
// A model for the benchmark: each text is embedded once, however many splits ask for it.

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "encoder/encoder.h"
#include "search/text_embedder.h"

namespace cloudfolio::bench {

// Threads: one at a time.
class CachedEmbedder final : public search::TextEmbedder {
 public:
  static Result<std::unique_ptr<CachedEmbedder>> open(const encoder::Model& model,
                                                      encoder::Precision precision,
                                                      std::string name);

  Result<std::vector<std::vector<float>>> embed_texts(
      std::span<const std::string> texts) const override;
  Result<std::vector<float>> embed_text(std::string_view text) const override;
  std::size_t dimension() const override { return encoder_.dimension(); }
  const std::string& fingerprint() const override { return name_; }
  std::size_t memory_bytes() const override { return 0; }
  const encoder::Encoder& encoder() const { return encoder_; }

 private:
  CachedEmbedder(encoder::Encoder encoder, std::string name)
      : encoder_(std::move(encoder)), name_(std::move(name)) {}

  encoder::Encoder encoder_;
  std::string name_;
  mutable std::unordered_map<std::string, std::vector<float>> known_;
};

}  // namespace cloudfolio::bench

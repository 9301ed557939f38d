#include "cached_embedder.h"

#include <utility>

namespace cloudfolio::bench {

Result<std::unique_ptr<CachedEmbedder>> CachedEmbedder::open(const encoder::Model& model,
                                                             encoder::Precision precision,
                                                             std::string name) {
  encoder::Embedder::Options options;
  options.precision = precision;
  options.query_precision = precision;
  CF_TRY(encoder::Encoder encoder, encoder::Encoder::open(model, options));
  return std::unique_ptr<CachedEmbedder>(new CachedEmbedder(std::move(encoder), std::move(name)));
}

Result<std::vector<std::vector<float>>> CachedEmbedder::embed_texts(
    std::span<const std::string> texts) const {
  std::vector<std::string> fresh;
  for (const std::string& text : texts) {
    if (known_.try_emplace(text).second) fresh.push_back(text);
  }
  if (!fresh.empty()) {
    CF_TRY(auto vectors, encoder_.embed_texts(fresh));
    for (std::size_t i = 0; i < fresh.size(); ++i) known_[fresh[i]] = std::move(vectors[i]);
  }
  std::vector<std::vector<float>> out;
  for (const std::string& text : texts) out.push_back(known_.at(text));
  return out;
}

Result<std::vector<float>> CachedEmbedder::embed_text(std::string_view text) const {
  const std::string one(text);
  CF_TRY(auto vectors, embed_texts(std::span(&one, 1)));
  return std::move(vectors.front());
}

}  // namespace cloudfolio::bench

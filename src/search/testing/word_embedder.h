#pragma once
// A model of a few lines: a text's vector counts its words in hashed places, and words that are
// declared to mean the same share a place. Enough to tell meaning from spelling in tests.

#include <atomic>
#include <cmath>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cache/tenant_cache.h"
#include "retrieval/words.h"
#include "search/text_embedder.h"

namespace cloudfolio::search::testing {

class WordEmbedder final : public TextEmbedder {
 public:
  static constexpr std::size_t kDimension = 256;

  explicit WordEmbedder(std::string fingerprint, std::map<std::string, std::string> meanings = {})
      : fingerprint_(std::move(fingerprint)), meanings_(std::move(meanings)) {}

  Result<std::vector<std::vector<float>>> embed_texts(
      std::span<const std::string> texts) const override {
    std::vector<std::vector<float>> vectors;
    for (const std::string& text : texts) {
      CF_TRY(auto vector, embed_text(text));
      vectors.push_back(std::move(vector));
    }
    texts_embedded += texts.size();
    return vectors;
  }
  Result<std::vector<float>> embed_text(std::string_view text) const override {
    std::vector<float> vector(kDimension, 0.0F);
    vector[0] = 0.01F;
    retrieval::each_word(text, [&](std::string_view word) {
      if (retrieval::is_stop_word(word)) return;
      const auto meaning = meanings_.find(std::string(word));
      const std::string_view said = meaning == meanings_.end() ? word : meaning->second;
      std::size_t hash = 1469598103934665603ULL;
      for (const char c : said) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
      vector[1 + hash % (kDimension - 1)] += 1.0F;
    });
    float length = 0;
    for (const float value : vector) length += value * value;
    for (float& value : vector) value /= std::sqrt(length);
    return vector;
  }
  std::size_t dimension() const override { return kDimension; }
  const std::string& fingerprint() const override { return fingerprint_; }
  std::size_t memory_bytes() const override { return 1'000; }

  mutable std::atomic<std::size_t> texts_embedded{0};

 private:
  std::string fingerprint_;
  std::map<std::string, std::string> meanings_;
};

// Models by name; `missing` makes every open fail.
class WordEmbedders final : public TextEmbedders {
 public:
  void add(const std::string& model, std::shared_ptr<const WordEmbedder> embedder) {
    models_[model] = std::move(embedder);
  }
  Result<std::shared_ptr<const TextEmbedder>> open(const Context&, const cache::TenantCache&,
                                                   const std::string& model) override {
    const auto found = models_.find(model);
    if (missing || found == models_.end()) {
      return Error(Code::not_found, "no model '" + model + "' on this machine");
    }
    return std::shared_ptr<const TextEmbedder>(found->second);
  }
  std::atomic<bool> missing{false};

 private:
  std::map<std::string, std::shared_ptr<const WordEmbedder>> models_;
};

}  // namespace cloudfolio::search::testing

#include "search/text_embedder.h"

#include <list>
#include <mutex>
#include <optional>
#include <utility>

#include "cache/tenant_cache.h"
#include "crypto/hash.h"
#include "encoder/encoder.h"

namespace cloudfolio::search {
namespace {

class EncoderTextEmbedder final : public TextEmbedder {
 public:
  EncoderTextEmbedder(encoder::Encoder encoder, std::string fingerprint)
      : encoder_(std::move(encoder)), fingerprint_(std::move(fingerprint)) {}

  Result<std::vector<std::vector<float>>> embed_texts(
      std::span<const std::string> texts) const override {
    return encoder_.embed_texts(texts);
  }
  Result<std::vector<float>> embed_text(std::string_view text) const override {
    return encoder_.embed_text(text);
  }
  std::size_t dimension() const override { return encoder_.dimension(); }
  const std::string& fingerprint() const override { return fingerprint_; }
  std::size_t memory_bytes() const override {
    // Weights, and about a quarter of them again as packed for the processor.
    return encoder_.model().weights().size_bytes() / 4 * 5;
  }

 private:
  encoder::Encoder encoder_;
  std::string fingerprint_;
};

class EncoderTextEmbedders final : public TextEmbedders {
 public:
  EncoderTextEmbedders(BaseModelLoader load_base, EncoderEmbeddersOptions options)
      : load_base_(std::move(load_base)), options_(options) {}

  Result<std::shared_ptr<const TextEmbedder>> open(const Context& ctx,
                                                   const cache::TenantCache& tenant,
                                                   const std::string& model) override {
    // One load at a time: several queries that miss the same model wait for one load of it.
    const std::lock_guard lock(mutex_);
    if (model == cache::kBaseModelName) return open_base();
    for (auto kept = tuned_.begin(); kept != tuned_.end(); ++kept) {
      if (kept->place == tenant.place() && kept->embedder->fingerprint() == model) {
        tuned_.splice(tuned_.begin(), tuned_, kept);
        return tuned_.front().embedder;
      }
    }
    CF_TRY(const std::string zip, tenant.read_model(ctx, model));
    CF_TRY(const encoder::Model loaded, encoder::Model::from_zip(zip));
    CF_TRY(auto embedder, make(loaded, model));
    tuned_.push_front({tenant.place(), embedder});
    std::size_t bytes = 0;
    for (auto kept = tuned_.begin(); kept != tuned_.end();) {
      bytes += kept->embedder->memory_bytes();
      const bool in_use = kept == tuned_.begin();
      kept = bytes > options_.memory_bytes_max && !in_use ? tuned_.erase(kept) : std::next(kept);
    }
    return embedder;
  }

 private:
  struct Tuned {
    cache::Place place;
    std::shared_ptr<const TextEmbedder> embedder;
  };

  Result<std::shared_ptr<const TextEmbedder>> make(const encoder::Model& model,
                                                   std::string fingerprint) const {
    encoder::Embedder::Options options;
    options.thread_count = options_.thread_count;
    CF_TRY(encoder::Encoder opened, encoder::Encoder::open(model, options));
    return std::shared_ptr<const TextEmbedder>(
        std::make_shared<EncoderTextEmbedder>(std::move(opened), std::move(fingerprint)));
  }

  Result<std::shared_ptr<const TextEmbedder>> open_base() {
    if (!base_) {
      CF_TRY(const encoder::Model model, load_base_());
      const auto weights = model.weights();
      const std::string_view bytes(reinterpret_cast<const char*>(weights.data()),
                                   weights.size_bytes());
      CF_TRY(base_, make(model, "base:" + crypto::sha256_hex(bytes).substr(0, 32)));
    }
    return base_;
  }

  const BaseModelLoader load_base_;
  const EncoderEmbeddersOptions options_;
  std::mutex mutex_;
  std::shared_ptr<const TextEmbedder> base_;
  std::list<Tuned> tuned_;  // Last used first.
};

}  // namespace

std::unique_ptr<TextEmbedders> make_encoder_embedders(BaseModelLoader load_base,
                                                      EncoderEmbeddersOptions options) {
  return std::make_unique<EncoderTextEmbedders>(std::move(load_base), options);
}

}  // namespace cloudfolio::search

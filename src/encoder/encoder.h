#pragma once
// Texts to vectors: a model, its tokenizer and its embedder in one piece.
//
// Encoder encoder = …open(folder); auto vectors = encoder.embed_texts(texts);
// Texts are cut at the model's token_count_max. Identical texts are computed once.
// Threads: as embedder.h.

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "encoder/embedder.h"
#include "encoder/model.h"

namespace cloudfolio::encoder {

class Encoder {
 public:
  // `path` is a model folder or a zip of one.
  static Result<Encoder> open(const std::filesystem::path& path, Embedder::Options options);
  static Result<Encoder> open(const std::filesystem::path& path) {
    return open(path, Embedder::Options());
  }
  static Result<Encoder> open(const Model& model, Embedder::Options options);
  static Result<Encoder> open(const Model& model) { return open(model, Embedder::Options()); }

  // One vector of dimension() floats a text, of unit length. An empty text has a vector too.
  Result<std::vector<std::vector<float>>> embed_texts(std::span<const std::string> texts) const;
  Result<std::vector<float>> embed_text(std::string_view text) const;

  // What embed_text computes from: cut at the model's token_count_max.
  TokenIds tokens(std::string_view text) const;
  std::size_t dimension() const { return embedder_->model().architecture().hidden; }
  const Model& model() const { return embedder_->model(); }
  const Embedder& embedder() const { return *embedder_; }

 private:
  explicit Encoder(std::unique_ptr<Embedder> embedder) : embedder_(std::move(embedder)) {}
  std::unique_ptr<Embedder> embedder_;
};

}  // namespace cloudfolio::encoder

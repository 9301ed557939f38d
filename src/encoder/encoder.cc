#include "encoder/encoder.h"

#include <algorithm>
#include <fstream>
#include <system_error>
#include <utility>

namespace cloudfolio::encoder {
namespace {

Result<Model> load_model(const std::filesystem::path& path) {
  std::error_code failed;
  if (!std::filesystem::is_regular_file(path, failed)) return Model::load(path);
  const auto size = std::filesystem::file_size(path, failed);
  if (failed || size > kModelBytesMax) {
    return Error(Code::corrupt, path.string() + " is too large for a model");
  }
  std::string bytes(size, '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file.read(bytes.data(), static_cast<std::streamsize>(size))) {
    return Error(Code::unavailable, path.string() + " cannot be read");
  }
  return Model::from_zip(bytes);
}

}  // namespace

Result<Encoder> Encoder::open(const std::filesystem::path& path, Embedder::Options options) {
  CF_TRY(const Model model, load_model(path));
  return open(model, options);
}

Result<Encoder> Encoder::open(const Model& model, Embedder::Options options) {
  CF_TRY(auto embedder, Embedder::open(model, options));
  return Encoder(std::move(embedder));
}

TokenIds Encoder::tokens(std::string_view text) const {
  return model().tokenizer().encode(text, model().architecture().token_count_max);
}

Result<std::vector<std::vector<float>>> Encoder::embed_texts(
    std::span<const std::string> texts) const {
  std::vector<TokenIds> sequences;
  sequences.reserve(texts.size());
  for (const std::string& text : texts) sequences.push_back(tokens(text));
  CF_TRY(const auto embeddings, embedder_->embed(sequences));
  std::vector<std::vector<float>> vectors;
  vectors.reserve(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto row = embeddings.row(i);
    vectors.emplace_back(row.begin(), row.end());
  }
  return vectors;
}

Result<std::vector<float>> Encoder::embed_text(std::string_view text) const {
  return embedder_->embed_one(tokens(text));
}

}  // namespace cloudfolio::encoder

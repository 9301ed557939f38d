#pragma once
// What the encoder's tests read: committed fixtures, the base model and the corpus where they
// exist.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "encoder/model.h"
#include "encoder/tokenizer.h"
#include "json/json.h"

namespace cloudfolio::encoder::testing {

// tests/fixtures/encoder/<name>; a missing one is a failure of the checkout.
json::Value read_fixture(std::string_view name);

// CLOUDFOLIO_BASE_MODEL, or where tools/fetch_weights.py puts it. Nothing if it is not there.
std::optional<std::filesystem::path> base_model_folder();
// CLOUDFOLIO_CORPUS, or shared/corpus beside the checkout.
std::optional<std::filesystem::path> corpus_folder();

// For GTEST_SKIP: what is missing and how to get it.
inline constexpr const char* kNoBaseModel =
    "the base model is not there: run tools/fetch_weights.py or set CLOUDFOLIO_BASE_MODEL";
inline constexpr const char* kNoCorpus = "the corpus is not there: set CLOUDFOLIO_CORPUS";

// The base model, loaded once a process. Call only if base_model_folder() has a value.
const Model& base_model();

// Text `key` ("README.md") of corpus file `path`, read once.
class Corpus {
 public:
  explicit Corpus(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::string text(std::string_view path, std::string_view key);
  // The part-th piece between blank lines ("\n\n").
  static std::string passage(std::string_view text, std::size_t part);

 private:
  std::filesystem::path folder_;
  std::string path_;
  json::Value repository_;
};

// First 2·n hex digits of the SHA-256 of the ids as little-endian 32-bit numbers.
std::string ids_hash(const TokenIds& ids, std::size_t digits);
std::vector<float> half_floats(std::string_view base64);
TokenIds to_ids(const json::Value& list);
double cosine(std::span<const float> a, std::span<const float> b);

// A model of 2 layers and 64 elements over a vocabulary of its own, untrained.
Model tiny_model(std::uint64_t seed = 1);
// Token ids that fit tiny_model().
TokenIds tiny_sequence(std::uint64_t seed, std::size_t count);

// A folder that goes away.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string read_bytes(const std::filesystem::path& path);
void write_bytes(const std::filesystem::path& path, std::string_view bytes);

}  // namespace cloudfolio::encoder::testing

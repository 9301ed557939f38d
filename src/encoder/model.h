#pragma once
// A sentence-embedding model: architecture, tokenizer and weights, as sentence-transformers keeps
// them (BERT encoder, mean pooling, normalisation).
//
// A value: never changes, copies share the weights. Training makes a new one.
//
// Promises: what save() or to_zip() wrote, sentence-transformers loads, with the same weights bit
// for bit; a folder that Python saved keeps its other files (model card, configuration) unchanged.
// Errors: Code::not_found for a missing folder or file; Code::corrupt for bytes that are damaged,
// cut, of the wrong shape, not finite, or do not fit each other (vocabulary, sizes);
// invalid_argument for a model of another kind (pooling other than mean, another activation).

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/result.h"
#include "encoder/architecture.h"
#include "encoder/tokenizer.h"

namespace cloudfolio::encoder {

class ParameterLayout;
class WeightBuffer;

inline constexpr std::size_t kModelBytesMax = 2 * kGiB;
// A file of the folder other than weights and vocabulary.
inline constexpr std::size_t kModelFileBytesMax = 64 * kMiB;

class Model {
 public:
  static Result<Model> load(const std::filesystem::path& folder);
  // From what to_zip() made, or Python's shutil.make_archive; one folder around the files is
  // allowed.
  static Result<Model> from_zip(std::string_view bytes);
  // Untrained, weights drawn from N(0, 0.02²): for tests and for models of one's own size. The
  // architecture's vocabulary_count is set from the tokenizer.
  static Result<Model> make_untrained(Architecture architecture, Tokenizer tokenizer,
                                      std::uint64_t seed);

  // Writes into `folder` (made if missing), each file whole or not at all, model.safetensors last.
  Status save(const std::filesystem::path& folder) const;
  // Stored, not deflated, with fixed dates: the same model gives the same bytes.
  Result<std::string> to_zip() const;

  const Architecture& architecture() const { return architecture_; }
  const Tokenizer& tokenizer() const { return tokenizer_; }

  // All weights in the order of layout(); see parameter_layout.h.
  const ParameterLayout& layout() const { return *layout_; }
  std::span<const float> weights() const;
  // One named tensor ("encoder.layer.0.output.dense.weight"); empty if there is none of that name.
  std::span<const float> find_weight(std::string_view name) const;

  // The same model with other weights; `weights` has weights().size() elements.
  Model with_weights(std::span<const float> weights) const;

 private:
  using Files = std::map<std::string, std::string>;  // Path in the folder → bytes.

  Model(Architecture architecture, Tokenizer tokenizer,
        std::shared_ptr<const ParameterLayout> layout, std::shared_ptr<const WeightBuffer> weights,
        std::shared_ptr<const Files> files);
  static Result<Model> assemble(Files files, std::string_view safetensors);

  Architecture architecture_;
  Tokenizer tokenizer_;
  std::shared_ptr<const ParameterLayout> layout_;
  std::shared_ptr<const WeightBuffer> weights_;
  std::shared_ptr<const Files> files_;  // All but the weights.
};

}  // namespace cloudfolio::encoder

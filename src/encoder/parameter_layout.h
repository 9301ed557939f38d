#pragma once
// Where each weight tensor stands in the one flat array of a model, and what training does with it.
//
// Order: word embeddings; the other embeddings; layer by layer; the pooler, which sentence
// embeddings do not use but which Python's BertModel expects in the file. Query, key and value
// follow each other, so that the three are one matrix of 3·hidden rows. Matrices are rows of
// outputs, as PyTorch's.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "encoder/architecture.h"

namespace cloudfolio::encoder {

struct Parameter {
  std::string name;  // As in model.safetensors.
  std::vector<std::size_t> shape;
  std::size_t offset = 0;  // Into the flat array, in elements.
  std::size_t count = 0;
  bool decays = true;  // Weight decay: not for biases and LayerNorm.
};

// Offsets of one layer.
struct LayerOffsets {
  std::size_t qkv_weight, qkv_bias;                // [3·hidden, hidden], [3·hidden]
  std::size_t projection_weight, projection_bias;  // [hidden, hidden]
  std::size_t norm1_weight, norm1_bias;
  std::size_t ffn1_weight, ffn1_bias;  // [intermediate, hidden]
  std::size_t ffn2_weight, ffn2_bias;  // [hidden, intermediate]
  std::size_t norm2_weight, norm2_bias;
};

class ParameterLayout {
 public:
  explicit ParameterLayout(const Architecture& architecture);

  std::span<const Parameter> parameters() const { return parameters_; }
  const Parameter* find(std::string_view name) const;
  // All elements; those before trained_count() are changed by training.
  std::size_t count() const { return count_; }
  std::size_t trained_count() const { return trained_count_; }

  std::size_t word_embeddings() const { return 0; }
  std::size_t position_embeddings() const { return position_embeddings_; }
  std::size_t type_embeddings() const { return type_embeddings_; }
  std::size_t embedding_norm_weight() const { return embedding_norm_weight_; }
  std::size_t embedding_norm_bias() const { return embedding_norm_bias_; }
  std::span<const LayerOffsets> layers() const { return layers_; }

 private:
  std::size_t add(std::string name, std::vector<std::size_t> shape, bool decays);
  void add_layer(const Architecture& architecture, std::size_t index);

  std::vector<Parameter> parameters_;
  std::vector<LayerOffsets> layers_;
  std::size_t count_ = 0;
  std::size_t trained_count_ = 0;
  std::size_t position_embeddings_ = 0;
  std::size_t type_embeddings_ = 0;
  std::size_t embedding_norm_weight_ = 0;
  std::size_t embedding_norm_bias_ = 0;
};

}  // namespace cloudfolio::encoder

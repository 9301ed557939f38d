#include "encoder/parameter_layout.h"

#include <utility>

namespace cloudfolio::encoder {

ParameterLayout::ParameterLayout(const Architecture& a) {
  add("embeddings.word_embeddings.weight", {a.vocabulary_count, a.hidden}, true);
  position_embeddings_ =
      add("embeddings.position_embeddings.weight", {a.position_count, a.hidden}, true);
  type_embeddings_ = add("embeddings.token_type_embeddings.weight", {a.type_count, a.hidden}, true);
  embedding_norm_weight_ = add("embeddings.LayerNorm.weight", {a.hidden}, false);
  embedding_norm_bias_ = add("embeddings.LayerNorm.bias", {a.hidden}, false);
  for (std::size_t i = 0; i < a.layer_count; ++i) add_layer(a, i);
  trained_count_ = count_;
  add("pooler.dense.weight", {a.hidden, a.hidden}, true);
  add("pooler.dense.bias", {a.hidden}, false);
}

void ParameterLayout::add_layer(const Architecture& a, std::size_t index) {
  const std::string layer = "encoder.layer." + std::to_string(index) + ".";
  const std::string self = layer + "attention.self.";
  LayerOffsets at{};
  at.qkv_weight = add(self + "query.weight", {a.hidden, a.hidden}, true);
  add(self + "key.weight", {a.hidden, a.hidden}, true);
  add(self + "value.weight", {a.hidden, a.hidden}, true);
  at.qkv_bias = add(self + "query.bias", {a.hidden}, false);
  add(self + "key.bias", {a.hidden}, false);
  add(self + "value.bias", {a.hidden}, false);
  const std::string output = layer + "attention.output.";
  at.projection_weight = add(output + "dense.weight", {a.hidden, a.hidden}, true);
  at.projection_bias = add(output + "dense.bias", {a.hidden}, false);
  at.norm1_weight = add(output + "LayerNorm.weight", {a.hidden}, false);
  at.norm1_bias = add(output + "LayerNorm.bias", {a.hidden}, false);
  at.ffn1_weight = add(layer + "intermediate.dense.weight", {a.intermediate, a.hidden}, true);
  at.ffn1_bias = add(layer + "intermediate.dense.bias", {a.intermediate}, false);
  at.ffn2_weight = add(layer + "output.dense.weight", {a.hidden, a.intermediate}, true);
  at.ffn2_bias = add(layer + "output.dense.bias", {a.hidden}, false);
  at.norm2_weight = add(layer + "output.LayerNorm.weight", {a.hidden}, false);
  at.norm2_bias = add(layer + "output.LayerNorm.bias", {a.hidden}, false);
  layers_.push_back(at);
}

std::size_t ParameterLayout::add(std::string name, std::vector<std::size_t> shape, bool decays) {
  std::size_t count = 1;
  for (const std::size_t extent : shape) count *= extent;
  const std::size_t offset = count_;
  parameters_.push_back({std::move(name), std::move(shape), offset, count, decays});
  count_ += count;
  return offset;
}

const Parameter* ParameterLayout::find(std::string_view name) const {
  for (const Parameter& parameter : parameters_) {
    if (parameter.name == name) return &parameter;
  }
  return nullptr;
}

}  // namespace cloudfolio::encoder

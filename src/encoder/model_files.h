#pragma once
// The files of a sentence-transformers folder, as bytes: what they say, and what is written for a
// model that has none yet.

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "encoder/architecture.h"
#include "encoder/parameter_layout.h"
#include "encoder/safetensors.h"
#include "encoder/tokenizer.h"

namespace cloudfolio::encoder {

using ModelFiles = std::map<std::string, std::string>;  // Path in the folder → bytes.

inline constexpr std::string_view kWeightsName = "model.safetensors";

struct ModelDescription {
  Architecture architecture;
  Tokenizer tokenizer;
};

// From modules.json, config.json, the pooling's config.json, tokenizer.json or vocab.txt.
Result<ModelDescription> describe_model(const ModelFiles& files);
// Where the encoder's own files are: "" or "0_Transformer/", from modules.json.
Result<std::string> encoder_prefix(const ModelFiles& files);

// Every tensor of the layout, with its shape and finite values; the pooler may be absent.
Status read_weights(std::string_view safetensors, const ParameterLayout& layout,
                    std::span<float> weights);
std::vector<TensorToWrite> tensors_to_write(const ParameterLayout& layout,
                                            std::span<const float> weights);

ModelFiles make_model_files(const Architecture& architecture, const Tokenizer& tokenizer);

}  // namespace cloudfolio::encoder

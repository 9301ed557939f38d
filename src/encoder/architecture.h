#pragma once
// The sizes of a BERT encoder, as config.json names them, and what it leaves open.

#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace cloudfolio::encoder {

struct Architecture {
  std::size_t layer_count = 6;
  std::size_t hidden = 384;
  std::size_t head_count = 12;
  std::size_t intermediate = 1536;
  std::size_t vocabulary_count = 30'522;
  std::size_t position_count = 512;
  std::size_t type_count = 2;
  float layer_norm_epsilon = 1e-12F;
  // Used in training only, see trainer.h.
  float hidden_dropout = 0.1F;
  float attention_dropout = 0.1F;
  // Longest text in tokens that the model was made for (sentence_bert_config.json), the special
  // ones included; never above position_count.
  std::size_t token_count_max = 256;

  std::size_t head_size() const { return hidden / head_count; }
  bool operator==(const Architecture&) const = default;

  // Code::invalid_argument for sizes that do not fit each other or exceed the limits below.
  Status validate() const;
};

// What the kernels are written for: MiniLM up to BERT-large.
inline constexpr std::size_t kHiddenMax = 1024;
inline constexpr std::size_t kIntermediateMax = 4096;
inline constexpr std::size_t kLayerCountMax = 48;
inline constexpr std::size_t kPositionCountMax = 8192;

// From config.json. Code::invalid_argument where it is another kind of model than this encoder
// computes (absolute positions, exact GELU).
Result<Architecture> parse_architecture(std::string_view config_json);

}  // namespace cloudfolio::encoder

#include "encoder/architecture.h"

#include <cmath>
#include <string>

#include "json/json.h"

namespace cloudfolio::encoder {
namespace {

Error wrong(const std::string& what) {
  return Error(Code::invalid_argument, what);
}

// A count of config.json within 1 and `most`.
Result<std::size_t> read_count(const json::Object& config, std::string_view key, std::size_t most) {
  const auto value = json::find_int(config, key);
  if (!value) return Error(Code::corrupt, std::string(key) + " is missing");
  if (*value < 1 || static_cast<std::size_t>(*value) > most) {
    return wrong(std::string(key) + " is " + std::to_string(*value) + ", not within 1 and " +
                 std::to_string(most));
  }
  return static_cast<std::size_t>(*value);
}

Status check_kind(const json::Object& config) {
  struct Expected {
    std::string_view key, value;
  };
  for (const auto& [key, value] : {Expected{"model_type", "bert"},
                                   {"hidden_act", "gelu"},
                                   {"position_embedding_type", "absolute"}}) {
    const auto found = json::find_string(config, key);
    if (found && *found != value) {
      return wrong(std::string(key) + " is " + std::string(*found) + ", only " +
                   std::string(value) + " is supported");
    }
  }
  return Done{};
}

}  // namespace

Status Architecture::validate() const {
  if (layer_count < 1 || layer_count > kLayerCountMax) return wrong("layer count out of range");
  if (hidden < 32 || hidden > kHiddenMax || hidden % 16 != 0) {
    return wrong("hidden size must be a multiple of 16 within 32 and " +
                 std::to_string(kHiddenMax));
  }
  if (intermediate < 16 || intermediate > kIntermediateMax || intermediate % 16 != 0) {
    return wrong("intermediate size must be a multiple of 16 within 16 and " +
                 std::to_string(kIntermediateMax));
  }
  if (head_count < 1 || hidden % head_count != 0 || (head_size() != 32 && head_size() != 64)) {
    return wrong("attention heads must have 32 or 64 elements");
  }
  if (vocabulary_count < 1 || type_count < 1) return wrong("the embedding tables are empty");
  if (position_count < 2 || position_count > kPositionCountMax) {
    return wrong("position count out of range");
  }
  if (token_count_max < 2 || token_count_max > position_count) {
    return wrong("texts of " + std::to_string(token_count_max) + " tokens do not fit " +
                 std::to_string(position_count) + " positions");
  }
  const auto probability = [](float p) { return p >= 0 && p < 1; };
  if (!probability(hidden_dropout) || !probability(attention_dropout)) {
    return wrong("dropout must be within 0 and 1");
  }
  if (!(layer_norm_epsilon >= 0 && layer_norm_epsilon < 1)) return wrong("layer_norm_eps");
  return Done{};
}

Result<Architecture> parse_architecture(std::string_view config_json) {
  auto parsed = json::parse_object(config_json);
  if (!parsed) return Error(Code::corrupt, "config.json: " + parsed.error().message());
  const json::Object& config = *parsed;
  CF_CHECK(check_kind(config));
  Architecture a;
  CF_TRY(a.layer_count, read_count(config, "num_hidden_layers", kLayerCountMax));
  CF_TRY(a.hidden, read_count(config, "hidden_size", kHiddenMax));
  CF_TRY(a.head_count, read_count(config, "num_attention_heads", kHiddenMax));
  CF_TRY(a.intermediate, read_count(config, "intermediate_size", kIntermediateMax));
  CF_TRY(a.vocabulary_count, read_count(config, "vocab_size", 10'000'000));
  CF_TRY(a.position_count, read_count(config, "max_position_embeddings", kPositionCountMax));
  CF_TRY(a.type_count, read_count(config, "type_vocab_size", 1024));
  const auto number = [&](std::string_view key, float otherwise) {
    return static_cast<float>(json::find_number(config, key).value_or(otherwise));
  };
  a.layer_norm_epsilon = number("layer_norm_eps", a.layer_norm_epsilon);
  a.hidden_dropout = number("hidden_dropout_prob", a.hidden_dropout);
  a.attention_dropout = number("attention_probs_dropout_prob", a.attention_dropout);
  a.token_count_max = a.position_count;
  CF_CHECK(a.validate());
  return a;
}

}  // namespace cloudfolio::encoder

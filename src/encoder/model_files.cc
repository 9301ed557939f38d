#include "encoder/model_files.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <utility>

#include "json/json.h"

namespace cloudfolio::encoder {
namespace {

Error unsupported(const std::string& what) {
  return Error(Code::invalid_argument, what);
}

Result<std::string_view> get_file(const ModelFiles& files, const std::string& path) {
  const auto found = files.find(path);
  if (found == files.end()) return Error(Code::not_found, "the model has no " + path);
  return std::string_view(found->second);
}

struct Module {
  std::string kind;  // The last part of the Python class.
  std::string path;
};

Result<std::vector<Module>> read_modules(const ModelFiles& files) {
  CF_TRY(const auto text, get_file(files, "modules.json"));
  auto parsed = json::parse(text);
  if (!parsed) return Error(Code::corrupt, "modules.json: " + parsed.error().message());
  const json::Array* list = parsed->if_array();
  if (list == nullptr) return Error(Code::corrupt, "modules.json is not a list");
  std::vector<Module> modules;
  for (const json::Value& entry : *list) {
    const std::string type(json::find_string(entry, "type").value_or(""));
    const std::string path(json::find_string(entry, "path").value_or(""));
    modules.push_back({type.substr(type.rfind('.') + 1), path});
  }
  if (modules.size() < 2 || modules.size() > 3 || modules[0].kind != "Transformer" ||
      modules[1].kind != "Pooling" || (modules.size() == 3 && modules[2].kind != "Normalize")) {
    return unsupported("modules.json: only Transformer, Pooling and Normalize are supported");
  }
  return modules;
}

// Mean pooling and nothing else, in the older (a flag a mode) or the newer spelling (a name).
Status check_pooling(const ModelFiles& files, const std::string& folder) {
  const std::string path = folder + "/config.json";
  CF_TRY(const auto text, get_file(files, path));
  auto config = json::parse_object(text);
  if (!config) return Error(Code::corrupt, path + ": " + config.error().message());
  bool mean = json::find_string(*config, "pooling_mode").value_or("") == "mean";
  for (const auto& entry : *config) {
    const std::string_view key(entry.key());
    const bool on = entry.value().is_bool() && entry.value().get_bool();
    if (!key.starts_with("pooling_mode_") || !on) continue;
    if (key != "pooling_mode_mean_tokens") {
      return unsupported(path + ": only the mean over tokens is supported");
    }
    mean = true;
  }
  if (!mean) return unsupported(path + ": only the mean over tokens is supported");
  return Done{};
}

// What sentence-transformers cuts texts at; 0 if nothing says so.
std::size_t text_limit(const ModelFiles& files, const std::string& prefix) {
  struct Place {
    const char *file, *key;
  };
  for (const auto& [file, key] : {Place{"sentence_bert_config.json", "max_seq_length"},
                                  Place{"tokenizer_config.json", "model_max_length"}}) {
    const auto found = files.find(prefix + file);
    if (found == files.end()) continue;
    const auto config = json::parse_object(found->second);
    if (!config) continue;
    const auto limit = json::find_int(*config, key);
    if (limit && *limit >= 2) return static_cast<std::size_t>(*limit);
  }
  return 0;
}

Result<Tokenizer> read_tokenizer(const ModelFiles& files, const std::string& prefix) {
  const auto fast = files.find(prefix + "tokenizer.json");
  if (fast != files.end()) return Tokenizer::parse(fast->second);
  const auto plain = files.find(prefix + "vocab.txt");
  if (plain != files.end()) return Tokenizer::parse_vocabulary(plain->second);
  return Error(Code::not_found, "the model has neither tokenizer.json nor vocab.txt");
}

std::string text_of(const std::vector<std::size_t>& shape) {
  std::string text = "[";
  for (const std::size_t extent : shape) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(extent);
  }
  return text + "]";
}

bool all_finite(std::span<const float> values) {
  // An exponent of all ones: infinite or not a number. Without a branch, so that it is vectorised.
  std::uint32_t found = 0;
  for (const float value : values) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof(bits));
    found |= static_cast<std::uint32_t>((bits & 0x7F800000U) == 0x7F800000U);
  }
  return found == 0;
}

}  // namespace

Result<std::string> encoder_prefix(const ModelFiles& files) {
  CF_TRY(const auto modules, read_modules(files));
  return modules[0].path.empty() ? std::string() : modules[0].path + "/";
}

Result<ModelDescription> describe_model(const ModelFiles& files) {
  CF_TRY(const auto modules, read_modules(files));
  CF_CHECK(check_pooling(files, modules[1].path));
  CF_TRY(const auto prefix, encoder_prefix(files));
  CF_TRY(const auto config, get_file(files, prefix + "config.json"));
  CF_TRY(auto architecture, parse_architecture(config));
  const std::size_t limit = text_limit(files, prefix);
  if (limit != 0) architecture.token_count_max = std::min(limit, architecture.position_count);
  CF_TRY(auto tokenizer, read_tokenizer(files, prefix));
  if (tokenizer.vocabulary_count() > architecture.vocabulary_count) {
    return Error(Code::corrupt,
                 "the vocabulary does not fit: " + std::to_string(tokenizer.vocabulary_count()) +
                     " tokens, but weights for " + std::to_string(architecture.vocabulary_count));
  }
  return ModelDescription{architecture, std::move(tokenizer)};
}

Status read_weights(std::string_view safetensors, const ParameterLayout& layout,
                    std::span<float> weights) {
  CF_TRY(const auto tensors, parse_safetensors(safetensors));
  std::unordered_map<std::string_view, const TensorView*> by_name;
  for (const TensorView& tensor : tensors) by_name.emplace(tensor.name, &tensor);
  for (const Parameter& parameter : layout.parameters()) {
    const auto out = weights.subspan(parameter.offset, parameter.count);
    const auto found = by_name.find(parameter.name);
    if (found == by_name.end()) {
      if (parameter.offset < layout.trained_count()) {
        return Error(Code::corrupt, "the weights lack " + parameter.name);
      }
      std::fill(out.begin(), out.end(), 0.0F);  // The pooler.
      continue;
    }
    const TensorView& tensor = *found->second;
    if (tensor.shape != parameter.shape) {
      return Error(Code::corrupt, parameter.name + " has the shape " + text_of(tensor.shape) +
                                      ", config.json asks for " + text_of(parameter.shape));
    }
    if (!copy_values(tensor, out.data())) {
      return Error(Code::corrupt, parameter.name + " is not of floating-point numbers");
    }
    if (!all_finite(out)) return Error(Code::corrupt, parameter.name + " is not finite");
  }
  return Done{};
}

std::vector<TensorToWrite> tensors_to_write(const ParameterLayout& layout,
                                            std::span<const float> weights) {
  std::vector<TensorToWrite> tensors;
  for (const Parameter& parameter : layout.parameters()) {
    tensors.push_back({parameter.name, parameter.shape, weights.data() + parameter.offset});
  }
  return tensors;
}

namespace {

json::Object module_entry(int index, const char* path, const char* kind) {
  return {{"idx", index},
          {"name", std::to_string(index)},
          {"path", path},
          {"type", std::string("sentence_transformers.models.") + kind}};
}

std::int64_t number(std::size_t count) {
  return static_cast<std::int64_t>(count);
}

}  // namespace

ModelFiles make_model_files(const Architecture& a, const Tokenizer& tokenizer) {
  const auto rounded = [](float value) { return std::stod(std::to_string(value)); };
  const json::Object config{{"architectures", json::Array{"BertModel"}},
                            {"attention_probs_dropout_prob", rounded(a.attention_dropout)},
                            {"hidden_act", "gelu"},
                            {"hidden_dropout_prob", rounded(a.hidden_dropout)},
                            {"hidden_size", number(a.hidden)},
                            {"initializer_range", 0.02},
                            {"intermediate_size", number(a.intermediate)},
                            {"layer_norm_eps", static_cast<double>(a.layer_norm_epsilon)},
                            {"max_position_embeddings", number(a.position_count)},
                            {"model_type", "bert"},
                            {"num_attention_heads", number(a.head_count)},
                            {"num_hidden_layers", number(a.layer_count)},
                            {"pad_token_id", 0},
                            {"type_vocab_size", number(a.type_count)},
                            {"vocab_size", number(a.vocabulary_count)}};
  const json::Object tokenizer_config{{"tokenizer_class", "BertTokenizer"},
                                      {"do_lower_case", true},
                                      {"unk_token", "[UNK]"},
                                      {"cls_token", "[CLS]"},
                                      {"sep_token", "[SEP]"},
                                      {"pad_token", "[PAD]"},
                                      {"mask_token", "[MASK]"},
                                      {"model_max_length", number(a.position_count)}};
  const json::Object pooling{{"word_embedding_dimension", number(a.hidden)},
                             {"pooling_mode_cls_token", false},
                             {"pooling_mode_mean_tokens", true},
                             {"pooling_mode_max_tokens", false},
                             {"pooling_mode_mean_sqrt_len_tokens", false}};
  return {{"modules.json",
           json::write_pretty(json::Array{module_entry(0, "", "Transformer"),
                                          module_entry(1, "1_Pooling", "Pooling"),
                                          module_entry(2, "2_Normalize", "Normalize")})},
          {"config.json", json::write_pretty(config)},
          {"tokenizer_config.json", json::write_pretty(tokenizer_config)},
          {"sentence_bert_config.json",
           json::write_pretty(json::Object{{"max_seq_length", number(a.token_count_max)},
                                           {"do_lower_case", false}})},
          {"1_Pooling/config.json", json::write_pretty(pooling)},
          {"vocab.txt", tokenizer.to_vocabulary()}};
}

}  // namespace cloudfolio::encoder

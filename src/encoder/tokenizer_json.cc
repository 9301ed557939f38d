#include <string>
#include <utility>

#include "encoder/tokenizer.h"
#include "json/json.h"

namespace cloudfolio::encoder {
namespace {

Error unsupported(const std::string& what) {
  return Error(Code::invalid_argument, "tokenizer.json: " + what);
}

// Only what encode() does: everything else would silently give other ids.
Status check_pipeline(const json::Value& root) {
  const auto type = [&](std::string_view part) {
    const json::Value* value = json::find(root, part);
    return value == nullptr ? std::string()
                            : std::string(json::find_string(*value, "type").value_or(""));
  };
  if (type("model") != "WordPiece" && !type("model").empty()) {
    return unsupported("the model is " + type("model") + ", only WordPiece is supported");
  }
  if (type("normalizer") != "BertNormalizer" || type("pre_tokenizer") != "BertPreTokenizer") {
    return unsupported("only BertNormalizer with BertPreTokenizer is supported");
  }
  const json::Value& normalizer = *json::find(root, "normalizer");
  const bool lower = json::find_bool(normalizer, "lowercase").value_or(true);
  if (!lower || !json::find_bool(normalizer, "strip_accents").value_or(lower) ||
      !json::find_bool(normalizer, "clean_text").value_or(true) ||
      !json::find_bool(normalizer, "handle_chinese_chars").value_or(true)) {
    return unsupported("only uncased models are supported");
  }
  const json::Value& model = *json::find(root, "model");
  if (json::find_string(model, "continuing_subword_prefix").value_or("##") != "##" ||
      json::find_int(model, "max_input_chars_per_word").value_or(100) != 100) {
    return unsupported("another prefix or word length than BERT's");
  }
  return Done{};
}

}  // namespace

Result<Tokenizer> Tokenizer::parse(std::string_view tokenizer_json) {
  auto root = json::parse(tokenizer_json);
  if (!root) return Error(Code::corrupt, "tokenizer.json: " + root.error().message());
  const json::Value* model = json::find(*root, "model");
  const json::Object* vocab = model == nullptr ? nullptr : json::find_object(*model, "vocab");
  if (vocab == nullptr) return Error(Code::corrupt, "tokenizer.json: no model.vocab");
  CF_CHECK(check_pipeline(*root));
  if (vocab->size() > kVocabularyCountMax) {
    return Error(Code::corrupt, "tokenizer.json: too many tokens");
  }
  std::vector<std::string> tokens(vocab->size());
  for (const auto& entry : *vocab) {
    const auto id = json::as_int(entry.value());
    if (!id || *id < 0 || static_cast<std::size_t>(*id) >= tokens.size()) {
      return Error(Code::corrupt,
                   "tokenizer.json: the ids are not 0 to " + std::to_string(tokens.size() - 1));
    }
    tokens[static_cast<std::size_t>(*id)] = std::string(entry.key());
  }
  return from_tokens(std::move(tokens));
}

}  // namespace cloudfolio::encoder

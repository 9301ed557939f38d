#include "encoder/model.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "base/ensure.h"
#include "base/random.h"
#include "encoder/model_files.h"
#include "encoder/parameter_layout.h"
#include "encoder/weight_buffer.h"

namespace cloudfolio::encoder {
namespace {

// Box and Muller's normal numbers.
float normal_number(Random& random) {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - random.unit()));
  return static_cast<float>(radius * std::cos(2.0 * std::numbers::pi * random.unit()));
}

bool is_norm_weight(const Parameter& parameter) {
  return parameter.name.ends_with("LayerNorm.weight");
}

}  // namespace

Model::Model(Architecture architecture, Tokenizer tokenizer,
             std::shared_ptr<const ParameterLayout> layout,
             std::shared_ptr<const WeightBuffer> weights, std::shared_ptr<const Files> files)
    : architecture_(architecture),
      tokenizer_(std::move(tokenizer)),
      layout_(std::move(layout)),
      weights_(std::move(weights)),
      files_(std::move(files)) {}

std::span<const float> Model::weights() const {
  return weights_->values();
}

std::span<const float> Model::find_weight(std::string_view name) const {
  const Parameter* parameter = layout_->find(name);
  if (parameter == nullptr) return {};
  return weights().subspan(parameter->offset, parameter->count);
}

Model Model::with_weights(std::span<const float> weights) const {
  CF_ENSURE(weights.size() == layout_->count(), weights.size(), layout_->count());
  auto buffer = std::make_shared<WeightBuffer>(weights.size());
  std::copy(weights.begin(), weights.end(), buffer->values().begin());
  return Model(architecture_, tokenizer_, layout_, std::move(buffer), files_);
}

Result<Model> Model::make_untrained(Architecture architecture, Tokenizer tokenizer,
                                    std::uint64_t seed) {
  architecture.vocabulary_count = tokenizer.vocabulary_count();
  CF_CHECK(architecture.validate());
  auto layout = std::make_shared<const ParameterLayout>(architecture);
  auto buffer = std::make_shared<WeightBuffer>(layout->count());
  Random random(seed);
  for (const Parameter& parameter : layout->parameters()) {
    for (float& value : buffer->values().subspan(parameter.offset, parameter.count)) {
      if (parameter.decays) {
        value = 0.02F * normal_number(random);
      } else {
        value = is_norm_weight(parameter) ? 1.0F : 0.0F;
      }
    }
  }
  auto files = std::make_shared<const Files>(make_model_files(architecture, tokenizer));
  return Model(architecture, std::move(tokenizer), std::move(layout), std::move(buffer),
               std::move(files));
}

Result<Model> Model::assemble(Files files, std::string_view safetensors) {
  CF_TRY(ModelDescription description, describe_model(files));
  auto layout = std::make_shared<const ParameterLayout>(description.architecture);
  auto buffer = std::make_shared<WeightBuffer>(layout->count());
  CF_CHECK(read_weights(safetensors, *layout, buffer->values()));
  return Model(description.architecture, std::move(description.tokenizer), std::move(layout),
               std::move(buffer), std::make_shared<const Files>(std::move(files)));
}

}  // namespace cloudfolio::encoder

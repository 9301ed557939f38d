#include "shallow_model.h"

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "encoder/model.h"
#include "encoder/parameter_layout.h"
#include "process.h"

namespace cloudfolio::system_test {
namespace {

template <class T>
T value_of(Result<T> result) {
  if (!result.ok()) throw std::runtime_error("shallow model: " + result.error().message());
  return *std::move(result);
}

encoder::Model first_layer_of(const encoder::Model& whole) {
  encoder::Architecture architecture = whole.architecture();
  architecture.layer_count = 1;
  const auto shape =
      value_of(encoder::Model::make_untrained(architecture, whole.tokenizer(), /*seed=*/1));
  std::vector<float> weights(shape.weights().begin(), shape.weights().end());
  for (const encoder::Parameter& parameter : shape.layout().parameters()) {
    const auto from = whole.find_weight(parameter.name);
    if (from.size() != parameter.count)
      throw std::runtime_error("shallow model: the base model has no " + parameter.name);
    std::ranges::copy(from, weights.begin() + static_cast<std::ptrdiff_t>(parameter.offset));
  }
  return shape.with_weights(weights);
}

std::unique_ptr<TemporaryFolder> make() {
  auto folder = std::make_unique<TemporaryFolder>();
  const auto whole = value_of(encoder::Model::load(base_model_folder()));
  const Status saved = first_layer_of(whole).save(folder->path());
  if (!saved.ok()) throw std::runtime_error("shallow model: " + saved.error().message());
  return folder;
}

}  // namespace

const std::filesystem::path& shallow_model() {
  static const std::unique_ptr<TemporaryFolder> folder = make();
  return folder->path();
}

}  // namespace cloudfolio::system_test

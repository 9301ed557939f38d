#pragma once
// A model that costs a sixth of the base model, for tests of what programs do with a model.

#include <filesystem>

namespace cloudfolio::system_test {

// The folder of a model of the base model's embeddings and first layer, made once in this process
// and removed at its end; to be named as CLOUDFOLIO_BASE_MODEL. Scores from it say nothing about
// quality. Call only where base_model_present(); throws std::runtime_error where it cannot be made.
const std::filesystem::path& shallow_model();

}  // namespace cloudfolio::system_test

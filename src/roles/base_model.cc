#include "roles/base_model.h"

namespace cloudfolio::roles {

Result<encoder::Model> BaseModel::load() {
  const std::lock_guard lock(mutex_);
  if (model_) return *model_;
  std::error_code ignored;
  const bool zipped = std::filesystem::is_regular_file(folder_, ignored);
  if (zipped) {
    return Error(Code::invalid_argument,
                 "encoder.model: '" + folder_.string() + "' is a file; name the model's folder");
  }
  auto loaded = encoder::Model::load(folder_);
  if (!loaded) {
    return std::move(loaded).error().while_doing("base model in '" + folder_.string() +
                                                 "' (./dev setup fetches it)");
  }
  model_ = *std::move(loaded);
  return *model_;
}

}  // namespace cloudfolio::roles

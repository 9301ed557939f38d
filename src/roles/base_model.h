#pragma once
// BaseModel: the base model's weights, loaded once for everybody in this process.
//
// Threads: thread-safe; callers wait while the first one loads. A failure is not remembered:
// weights that are fetched later are found.

#include <filesystem>
#include <mutex>
#include <optional>

#include "base/result.h"
#include "encoder/model.h"

namespace cloudfolio::roles {

class BaseModel {
 public:
  explicit BaseModel(std::filesystem::path folder) : folder_(std::move(folder)) {}
  // Errors: those of encoder::Model::load, with where the weights come from.
  Result<encoder::Model> load();

 private:
  const std::filesystem::path folder_;
  std::mutex mutex_;
  std::optional<encoder::Model> model_;
};

}  // namespace cloudfolio::roles

#pragma once
// DirectoryLock: a journal's directory belongs to one process; the kernel lets go of it however the
// process ends.

#include <filesystem>
#include <memory>

#include "base/result.h"

namespace cloudfolio::durable {

class DirectoryLock {
 public:
  // conflict: another process holds it. unavailable: its file cannot be written.
  static Result<std::unique_ptr<DirectoryLock>> take(const std::filesystem::path& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  explicit DirectoryLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace cloudfolio::durable

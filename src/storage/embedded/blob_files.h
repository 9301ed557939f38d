#pragma once
// The contents of large blobs, one file each, under names that are never used twice.
//
// A file is written under incoming/, synced, renamed to its place, and its folder synced, before a
// row may name it; it is removed only after no row names it. A crash in between leaves a file
// without a row, which sweep() removes once it is old enough. So a row never names a missing or
// short file.
//
// Threads: thread-safe. Several processes may share the folder.
// Errors:  unavailable: disk full, or the system refused; permission_denied.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace cloudfolio::storage::embedded {

class BlobFiles {
 public:
  // A file on its way: under incoming/ until finish(), and gone if that never succeeds.
  class Arriving {
   public:
    Arriving(const BlobFiles& files, std::string name, int descriptor)
        : files_(files), name_(std::move(name)), descriptor_(descriptor) {}
    ~Arriving();
    Arriving(const Arriving&) = delete;
    Arriving& operator=(const Arriving&) = delete;
    Status add(std::string_view bytes);
    // Durable under the returned name when this returns. Once only.
    Result<std::string> finish();

   private:
    const BlobFiles& files_;
    const std::string name_;
    int descriptor_;
    bool in_place_ = false;
  };
  // A file being read; it may be removed meanwhile.
  class Leaving {
   public:
    Leaving(std::filesystem::path path, int descriptor)
        : path_(std::move(path)), descriptor_(descriptor) {}
    ~Leaving();
    Leaving(const Leaving&) = delete;
    Leaving& operator=(const Leaving&) = delete;
    // Up to `count` further bytes; fewer only at the end.
    Result<std::string> next(std::size_t count);

   private:
    const std::filesystem::path path_;
    const int descriptor_;
  };

  // Makes the folder if missing.
  static Result<std::unique_ptr<BlobFiles>> open(const std::filesystem::path& directory);

  // Writes a new file; durable under the returned name when this returns.
  Result<std::string> write(std::string_view bytes);
  Result<std::unique_ptr<Arriving>> begin() const;
  // Null if there is no such file.
  Result<std::unique_ptr<Leaving>> open_file(const std::string& name) const;
  // Nothing if there is no such file.
  Result<std::optional<std::string>> read(const std::string& name);
  // A file that is not there is as good as removed; one that cannot be is left to sweep().
  void remove(const std::string& name);
  std::filesystem::path path_of(const std::string& name) const;

  // Looks at about `files_max` files, going on where the last call stopped, and removes those that
  // nobody has touched since `older_than` and of which `in_use` says false.
  using InUse = std::function<Result<bool>(const std::string& name)>;
  Status sweep(const InUse& in_use, Clock::WallTime older_than, std::size_t files_max);

 private:
  explicit BlobFiles(std::filesystem::path directory) : directory_(std::move(directory)) {}
  Result<std::size_t> sweep_folder(const std::filesystem::path& folder, const InUse& in_use,
                                   Clock::WallTime older_than);

  const std::filesystem::path directory_;
  std::atomic<unsigned> next_folder_{0};
};

}  // namespace cloudfolio::storage::embedded

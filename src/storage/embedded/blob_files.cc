#include "storage/embedded/blob_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "crypto/encoding.h"
#include "crypto/random_bytes.h"

namespace cloudfolio::storage::embedded {

namespace fs = std::filesystem;

namespace {

constexpr const char* kIncoming = "incoming";
constexpr unsigned kFolderCount = 256;  // By the first byte of the name.

Error failed(const std::string& what, const fs::path& path, int cause) {
  const std::string folder = path.parent_path().string();
  if (cause == ENOSPC || cause == EDQUOT || cause == EFBIG) {
    return Error(Code::unavailable,
                 "disk full: free space in " + folder +
                     "; nothing was lost, and the same call succeeds afterwards");
  }
  const Code code = cause == EACCES || cause == EPERM || cause == EROFS ? Code::permission_denied
                                                                        : Code::unavailable;
  return Error(code, what + " " + path.string() + ": " + std::strerror(cause) +
                         ": check the disk and the rights on " + folder);
}

class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags)
      : number_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  bool is_open() const { return number_ >= 0; }
  int number() const { return number_; }

 private:
  const int number_;
};

Status sync_folder(const fs::path& folder) {
  const Descriptor descriptor(folder, O_RDONLY | O_DIRECTORY);
  if (!descriptor.is_open() || ::fsync(descriptor.number()) != 0)
    return failed("sync", folder, errno);
  return Done{};
}

// Makes the folder, durably, unless it is there.
Status make_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0700) == 0) return sync_folder(folder.parent_path());
  if (errno == EEXIST) return Done{};
  return failed("make folder", folder, errno);
}

Status write_synced(const fs::path& path, std::string_view bytes) {
  const Descriptor file(path, O_WRONLY | O_CREAT | O_EXCL);
  if (!file.is_open()) return failed("make", path, errno);
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.number(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("write", path, errno);
    bytes.remove_prefix(std::size_t(written));
  }
  if (::fsync(file.number()) != 0) return failed("sync", path, errno);
  return Done{};
}

Clock::WallTime changed_at(const struct stat& status) {
  return Clock::WallTime(std::chrono::seconds(status.st_mtim.tv_sec) +
                         std::chrono::microseconds(status.st_mtim.tv_nsec / 1'000));
}

}  // namespace

Result<std::unique_ptr<BlobFiles>> BlobFiles::open(const fs::path& directory) {
  CF_CHECK(make_folder(directory));
  CF_CHECK(make_folder(directory / kIncoming));
  return std::unique_ptr<BlobFiles>(new BlobFiles(directory));
}

fs::path BlobFiles::path_of(const std::string& name) const {
  return directory_ / name.substr(0, 2) / name;
}

Result<std::string> BlobFiles::write(std::string_view bytes) {
  const std::string name = crypto::random_hex(16);
  const fs::path arriving = directory_ / kIncoming / name;
  const fs::path place = path_of(name);
  auto written = write_synced(arriving, bytes);
  if (written) written = make_folder(place.parent_path());
  if (!written) {
    ::unlink(arriving.c_str());
    return std::move(written).error();
  }
  if (::rename(arriving.c_str(), place.c_str()) != 0) return failed("rename", arriving, errno);
  CF_CHECK(sync_folder(place.parent_path()));
  return name;
}

Result<std::optional<std::string>> BlobFiles::read(const std::string& name) {
  const fs::path path = path_of(name);
  const Descriptor file(path, O_RDONLY);
  if (!file.is_open() && errno == ENOENT) return std::optional<std::string>();
  struct stat status {};
  if (!file.is_open() || ::fstat(file.number(), &status) != 0) return failed("open", path, errno);
  std::string bytes(std::size_t(status.st_size), '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t count = ::read(file.number(), bytes.data() + filled, bytes.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("read", path, errno);
    if (count == 0) break;
    filled += std::size_t(count);
  }
  bytes.resize(filled);
  return std::optional<std::string>(std::move(bytes));
}

void BlobFiles::remove(const std::string& name) {
  ::unlink(path_of(name).c_str());
}

Result<std::size_t> BlobFiles::sweep_folder(const fs::path& folder, const InUse& in_use,
                                            Clock::WallTime older_than) {
  std::size_t seen_count = 0;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    ++seen_count;
    struct stat status {};
    const fs::path path = at->path();
    if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    if (changed_at(status) > older_than) continue;
    CF_TRY(const bool used, in_use(path.filename().string()));
    if (!used) ::unlink(path.c_str());
  }
  return seen_count;
}

Status BlobFiles::sweep(const InUse& in_use, Clock::WallTime older_than, std::size_t files_max) {
  const InUse never = [](const std::string&) -> Result<bool> { return false; };
  CF_TRY(std::size_t seen_count, sweep_folder(directory_ / kIncoming, never, older_than));
  for (unsigned i = 0; i < kFolderCount && seen_count < files_max; ++i) {
    const char first = static_cast<char>(next_folder_++ % kFolderCount);
    const fs::path folder = directory_ / crypto::to_hex(std::string_view(&first, 1));
    CF_TRY(const std::size_t count, sweep_folder(folder, in_use, older_than));
    seen_count += count;
  }
  return Done{};
}

}  // namespace cloudfolio::storage::embedded

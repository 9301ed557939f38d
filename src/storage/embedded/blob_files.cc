#include "storage/embedded/blob_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/limits.h"
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

BlobFiles::Arriving::~Arriving() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!in_place_) ::unlink((files_.directory_ / kIncoming / name_).c_str());
}

Status BlobFiles::Arriving::add(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("write", files_.directory_ / kIncoming / name_, errno);
    bytes.remove_prefix(std::size_t(written));
  }
  return Done{};
}

Result<std::string> BlobFiles::Arriving::finish() {
  const fs::path arriving = files_.directory_ / kIncoming / name_;
  const fs::path place = files_.path_of(name_);
  if (::fsync(descriptor_) != 0) return failed("sync", arriving, errno);
  CF_CHECK(make_folder(place.parent_path()));
  if (::rename(arriving.c_str(), place.c_str()) != 0) return failed("rename", arriving, errno);
  in_place_ = true;
  CF_CHECK(sync_folder(place.parent_path()));
  return name_;
}

BlobFiles::Leaving::~Leaving() {
  ::close(descriptor_);
}

Result<std::string> BlobFiles::Leaving::next(std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t read = ::read(descriptor_, bytes.data() + filled, bytes.size() - filled);
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) return failed("read", path_, errno);
    if (read == 0) break;
    filled += std::size_t(read);
  }
  bytes.resize(filled);
  return bytes;
}

Result<std::unique_ptr<BlobFiles::Arriving>> BlobFiles::begin() const {
  std::string name = crypto::random_hex(16);
  const fs::path path = directory_ / kIncoming / name;
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return failed("make", path, errno);
  return std::make_unique<Arriving>(*this, std::move(name), descriptor);
}

Result<std::unique_ptr<BlobFiles::Leaving>> BlobFiles::open_file(const std::string& name) const {
  fs::path path = path_of(name);
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor >= 0) return std::make_unique<Leaving>(std::move(path), descriptor);
  if (errno == ENOENT) return std::unique_ptr<Leaving>();
  return failed("open", path, errno);
}

Result<std::string> BlobFiles::write(std::string_view bytes) {
  CF_TRY(const auto file, begin());
  CF_CHECK(file->add(bytes));
  return file->finish();
}

Result<std::optional<std::string>> BlobFiles::read(const std::string& name) {
  CF_TRY(const auto file, open_file(name));
  if (!file) return std::optional<std::string>();
  std::error_code error;
  const auto size_bytes = fs::file_size(path_of(name), error);  // A hint: the file may be gone.
  std::string bytes;
  if (!error) bytes.reserve(size_bytes);
  while (true) {
    CF_TRY(const std::string piece, file->next(kMiB));
    if (piece.empty()) return std::optional<std::string>(std::move(bytes));
    bytes += piece;
  }
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

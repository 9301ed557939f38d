#include "roles/store_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <sstream>
#include <utility>

namespace cloudfolio::roles {
namespace {

std::filesystem::path owner_file(const std::filesystem::path& data, StoreLock::Of what) {
  return data / (what == StoreLock::Of::gateway ? "gateway" : "owner");
}

Error cannot_use(const std::filesystem::path& path, int error) {
  return Error(error == EACCES || error == EROFS ? Code::permission_denied : Code::invalid_argument,
               "cannot use the data folder '" + path.string() + "': " + std::strerror(error) +
                   "; choose another with --data");
}

std::string read_text(int descriptor) {
  std::array<char, 512> text;
  const ssize_t count = pread(descriptor, text.data(), text.size(), 0);
  return std::string(text.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
}

Status write_text(int descriptor, const std::string& text) {
  if (ftruncate(descriptor, 0) != 0 ||
      pwrite(descriptor, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return Error(Code::unavailable,
                 std::string("cannot write the store's owner file: ") + std::strerror(errno));
  }
  return Done{};
}

}  // namespace

Result<StoreLock> StoreLock::acquire(const std::filesystem::path& data, Of what) {
  std::error_code failed;
  std::filesystem::create_directories(data, failed);
  if (failed) return cannot_use(data, failed.value());
  const int descriptor = open(owner_file(data, what).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return cannot_use(data, errno);
  StoreLock lock(descriptor);
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    return Error(Code::unavailable, "another process works on the store in '" + data.string() +
                                        "'; wait for it, or stop it");
  }
  CF_CHECK(write_text(descriptor, std::to_string(getpid()) + "\n"));
  return lock;
}

std::optional<StoreOwner> StoreLock::read_owner(const std::filesystem::path& data, Of what) {
  const int descriptor = open(owner_file(data, what).c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  const StoreLock closes(descriptor);
  if (flock(descriptor, LOCK_SH | LOCK_NB) == 0) return std::nullopt;  // Nobody holds it.
  std::istringstream text(read_text(descriptor));
  StoreOwner owner;
  text >> owner.process_id >> owner.url;
  return owner;
}

StoreLock::StoreLock(StoreLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

StoreLock& StoreLock::operator=(StoreLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

StoreLock::~StoreLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

Status StoreLock::announce(const std::string& url) {
  return write_text(descriptor_, std::to_string(getpid()) + "\n" + url + "\n");
}

}  // namespace cloudfolio::roles

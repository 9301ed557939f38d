#include "durable/embedded/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace cloudfolio::durable {

Result<std::unique_ptr<DirectoryLock>> DirectoryLock::take(const std::filesystem::path& directory) {
  const auto file = (directory / "orchestrations.lock").string();
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    return Error(Code::unavailable, file + ": " + std::strerror(errno) + ": check the rights");
  }
  auto lock = std::unique_ptr<DirectoryLock>(new DirectoryLock(descriptor));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return lock;
  return Error(Code::conflict, directory.string() +
                                   " is in use by another process: stop it, or choose another "
                                   "directory");
}

DirectoryLock::~DirectoryLock() {
  ::close(descriptor_);
}

}  // namespace cloudfolio::durable

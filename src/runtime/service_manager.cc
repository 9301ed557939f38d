#include "runtime/service_manager.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

namespace cloudfolio::runtime {
namespace {

// The first socket that a manager hands over.
constexpr int kFirstInherited = 3;

}  // namespace

Result<Descriptor> inherited_listener(const EnvironmentLookup& environment) {
  const auto process = environment("LISTEN_PID");
  const auto count_text = environment("LISTEN_FDS");
  if (!process || !count_text || *process != std::to_string(getpid())) return Descriptor();
  int count = 0;
  const auto [end, failed] =
      std::from_chars(count_text->data(), count_text->data() + count_text->size(), count);
  if (failed != std::errc() || end != count_text->data() + count_text->size() || count < 0)
    return Error(Code::invalid_argument, "LISTEN_FDS is '" + *count_text + "', which is no number");
  if (count == 0) return Descriptor();
  if (count > 1)
    return Error(Code::invalid_argument,
                 "the service manager gave " + *count_text + " sockets; one is served");
  if (fcntl(kFirstInherited, F_SETFD, FD_CLOEXEC) != 0)
    return Error(Code::invalid_argument, "LISTEN_FDS names a socket that is not there");
  return Descriptor(kFirstInherited);
}

Status tell_service_manager(const std::string& socket_path, std::string_view lines) {
  if (socket_path.empty()) return Done{};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path)
    return Error(Code::unavailable, "NOTIFY_SOCKET is too long");
  socket_path.copy(address.sun_path, socket_path.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // An abstract name.
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_path.size());
  const Descriptor datagram(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!datagram || sendto(datagram.get(), lines.data(), lines.size(), MSG_NOSIGNAL,
                          reinterpret_cast<const sockaddr*>(&address), size) < 0)
    return Error(Code::unavailable,
                 std::string("the service manager does not listen: ") + std::strerror(errno));
  return Done{};
}

Error start_anew(const Descriptor& listener) {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::string> words;
  for (std::size_t from = 0; from < text.size();) {
    words.emplace_back(text.c_str() + from);
    from += words.back().size() + 1;
  }
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  unsetenv("LISTEN_FDS");
  if (listener) {
    // dup2() clears the mark that closes it; where it is the same one already, that is for us.
    if (listener.get() == kFirstInherited)
      fcntl(kFirstInherited, F_SETFD, 0);
    else
      dup2(listener.get(), kFirstInherited);
    setenv("LISTEN_FDS", "1", 1);
    setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  }
  execv("/proc/self/exe", arguments.data());
  return Error(Code::unavailable, std::string("cannot start anew: ") + std::strerror(errno));
}

}  // namespace cloudfolio::runtime

#include "roles/handover_words.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace cloudfolio::roles {
namespace {

constexpr std::size_t kWordBytesMax = 256;

Error failed(std::string_view what) {
  return Error(Code::unavailable, "handover: " + std::string(what) + ": " + std::strerror(errno));
}

Result<sockaddr_un> socket_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return Error(Code::internal, "handover: the socket's path is too long: " + path);
  path.copy(address.sun_path, path.size());
  return address;
}

}  // namespace

Status say_word(int socket, std::string_view text, int descriptor) {
  std::string bytes(text);
  iovec data{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  if (descriptor >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  if (sendmsg(socket, &message, MSG_NOSIGNAL) < 0)
    return failed("cannot say '" + std::string(text) + "'");
  return Done{};
}

Result<Word> hear_word(int socket, std::chrono::milliseconds longest) {
  pollfd ready{socket, POLLIN, 0};
  const int found = poll(&ready, 1, static_cast<int>(longest.count()));
  if (found < 0) return failed("cannot wait");
  if (found == 0) return Error(Code::unavailable, "handover: the other process fell silent");
  std::array<char, kWordBytesMax> bytes;
  iovec data{bytes.data(), bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (count < 0) return failed("cannot hear");
  if (count == 0) return Error(Code::unavailable, "handover: the other process went away");
  Word word;
  word.text.assign(bytes.data(), static_cast<std::size_t>(count));
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
    int number = -1;
    std::memcpy(&number, CMSG_DATA(header), sizeof number);
    word.descriptor = runtime::Descriptor(number);
  }
  return word;
}

Result<Word> expect_word(int socket, std::string_view text, std::chrono::milliseconds longest) {
  CF_TRY(auto word, hear_word(socket, longest));
  if (word.text == text) return word;
  return Error(Code::unavailable, "handover: the other process said '" + word.text + "' and not '" +
                                      std::string(text) + "'; is it of a neighbouring release?");
}

Result<HandoverAddress> HandoverAddress::of(const std::filesystem::path& data, StoreLock::Of what) {
  HandoverAddress address;
  address.folder = runtime::Descriptor(open(data.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!address.folder)
    return Error(Code::not_found,
                 "handover: cannot open '" + data.string() + "': " + std::strerror(errno));
  const char* const name =
      what == StoreLock::Of::gateway ? "gateway-handover.sock" : "handover.sock";
  address.file = name;
  address.path = "/proc/self/fd/" + std::to_string(address.folder.get()) + "/" + name;
  return address;
}

Result<runtime::Descriptor> make_handover_socket() {
  runtime::Descriptor made(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!made) return failed("no socket");
  return made;
}

Status bind_handover_socket(int socket, const HandoverAddress& address) {
  CF_TRY(const sockaddr_un name, socket_address(address.path));
  // What a process left that was killed, or that hands over to us.
  unlinkat(address.folder.get(), address.file.c_str(), 0);
  // Nobody else may connect, not even between bind() and a chmod().
  fchmod(socket, 0600);
  if (bind(socket, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
      listen(socket, 4) != 0)
    return failed("cannot listen at " + address.file.string());
  return Done{};
}

Status connect_handover_socket(int socket, const HandoverAddress& address) {
  CF_TRY(const sockaddr_un name, socket_address(address.path));
  if (connect(socket, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0) return Done{};
  if (errno == ENOENT || errno == ECONNREFUSED)
    return Error(Code::not_found, "handover: nobody offers one");
  if (errno == EACCES)
    return Error(Code::permission_denied, "handover: the process that serves is another user's");
  return failed("cannot connect");
}

Status check_same_user(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return failed("who is it");
  if (peer.uid == geteuid()) return Done{};
  return Error(Code::permission_denied, "handover: the other process is another user's");
}

}  // namespace cloudfolio::roles

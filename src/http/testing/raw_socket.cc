#include "http/testing/raw_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "base/ensure.h"

namespace cloudfolio::http {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

void limit_waiting(int descriptor) {
  timeval longest{};
  longest.tv_sec = kRawWaitLongest.count();
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest);
}

int bound_socket(std::uint16_t& port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  CF_ENSURE(bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  socklen_t length = sizeof address;
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length);
  port = ntohs(address.sin_port);
  return descriptor;
}

}  // namespace

RawSocket RawSocket::connect(std::uint16_t port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(port);
  CF_ENSURE(::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0,
            port);
  limit_waiting(descriptor);
  return RawSocket(descriptor);
}

RawSocket::RawSocket(RawSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), ahead_(std::move(other.ahead_)) {}

RawSocket::~RawSocket() {
  close();
}

bool RawSocket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawSocket::end_sending() {
  shutdown(descriptor_, SHUT_WR);
}

std::string RawSocket::receive_some() {
  if (!ahead_.empty()) return std::exchange(ahead_, {});
  std::array<char, 16384> bytes{};
  const ssize_t count = recv(descriptor_, bytes.data(), bytes.size(), 0);
  return count > 0 ? std::string(bytes.data(), static_cast<std::size_t>(count)) : std::string();
}

std::string RawSocket::receive_all() {
  std::string all;
  while (true) {
    const std::string some = receive_some();
    if (some.empty()) return all;
    all += some;
  }
}

std::string RawSocket::receive_response() {
  std::string text;
  while (true) {
    const std::size_t head_end = text.find("\r\n\r\n");
    if (head_end != std::string::npos) {
      const std::string_view head = std::string_view(text).substr(0, head_end + 2);
      const std::size_t field = head.find("Content-Length: ");
      const std::size_t body =
          field == std::string_view::npos ? 0 : std::stoul(text.substr(field + 16));
      const std::size_t whole = head_end + 4 + body;
      if (text.size() >= whole) {
        ahead_ = text.substr(whole);
        text.resize(whole);
        return text;
      }
    }
    const std::string some = receive_some();
    if (some.empty()) return text;
    text += some;
  }
}

void RawSocket::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

RawServer::RawServer(std::function<void(RawSocket&)> script) : listener_(bound_socket(port_)) {
  CF_ENSURE(listen(listener_, 16) == 0);
  thread_ = std::jthread([this, script = std::move(script)](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const int accepted = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (accepted < 0) return;
      limit_waiting(accepted);
      RawSocket peer(accepted);
      if (!stop.stop_requested()) script(peer);
    }
  });
}

RawServer::~RawServer() {
  thread_.request_stop();
  shutdown(listener_, SHUT_RDWR);  // Wakes accept().
  thread_.join();
  ::close(listener_);
}

std::uint16_t free_port() {
  std::uint16_t port = 0;
  ::close(bound_socket(port));
  return port;
}

}  // namespace cloudfolio::http

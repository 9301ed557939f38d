#pragma once
// Sockets without manners, for tests: a client that sends any bytes, and a server that answers with
// a script. Blocking; a receive waits at most kRawWaitLongest, so that a test fails and does not
// hang.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

namespace cloudfolio::http {

inline constexpr std::chrono::seconds kRawWaitLongest{30};

class RawSocket {
 public:
  explicit RawSocket(int descriptor) : descriptor_(descriptor) {}
  // To 127.0.0.1.
  static RawSocket connect(std::uint16_t port);
  RawSocket(RawSocket&& other) noexcept;
  RawSocket& operator=(RawSocket&&) = delete;
  ~RawSocket();

  // False once the peer is gone.
  bool send(std::string_view bytes);
  void end_sending();
  // What there is, at least one byte; empty at the end or after a reset.
  std::string receive_some();
  // Until the end.
  std::string receive_all();
  // One HTTP response, by its Content-Length.
  std::string receive_response();
  void close();

 private:
  int descriptor_;
  std::string ahead_;
};

// Accepts connections on a free port of 127.0.0.1, one after the other, and hands each to the
// script.
class RawServer {
 public:
  explicit RawServer(std::function<void(RawSocket&)> script);
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;
  std::uint16_t port() const { return port_; }
  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  std::uint16_t port_ = 0;  // Filled while listener_ is made.
  int listener_ = -1;
  std::jthread thread_;
};

// A port that nobody listens on.
std::uint16_t free_port();

}  // namespace cloudfolio::http

#pragma once
// Server: HTTP/1.1 on one address, with limits on everything, calling a plain handler on a pool.
//
// The handler blocks as it likes: it runs on a bounded pool of `handler_threads_count` threads with
// `handlers_queued_max` waiting; beyond that the answer is 503 with Retry-After. Sockets are served
// by `io_threads_count` threads that never block.
//
// Promises:
//  - One response for each request, in the order of the requests, also when they are pipelined.
//  - Refused by the server itself, with a JSON body {"error": …}: 400 malformed, 408 too slow,
//    413 body too large, 431 header too large, 503 too many at once.
//  - Every answer carries X-Request-Id; HEAD has GET's headers and no body.
//  - A handler that throws is 500 with the request id, and a log event; the text stays in the log.
//  - A handler over its deadline is not interrupted (it has the deadline in its context).
// Threads: the handler is called from several threads at once. Server itself is thread-safe.
// Lifetime: the destructor stops accepting, breaks connections and waits for running handlers.
//
// This room knows no routes: pass Router::route as the handler.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/result.h"
#include "http/message.h"
#include "runtime/descriptor.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cloudfolio::http {

// May change the request (the router fills in its part).
using ServerHandler = std::function<Response(Request&)>;

struct Endpoint {
  std::string address;  // Numeric, without brackets.
  std::uint16_t port = 0;
};
// Where a socket listens. Errors: invalid_argument: it is no listening TCP socket.
Result<Endpoint> endpoint_of_listener(int socket);

class Server {
 public:
  struct Tls {
    std::filesystem::path certificate_chain_file;  // PEM
    std::filesystem::path private_key_file;        // PEM
  };
  struct Options {
    std::string address = "127.0.0.1";  // Numeric, or "localhost".
    std::uint16_t port = 0;             // 0: a free one, see port().
    // A socket that listens already (a predecessor's, or the service manager's) is served instead
    // of `address` and `port`. The server owns it. Negative: none.
    int listening_socket = -1;
    std::size_t header_bytes_max = 32 * kKiB;
    std::size_t body_bytes_max = 8 * kMiB;
    // From the first byte of a request until its body is in, and again until the response is out.
    std::chrono::milliseconds request_timeout{30'000};
    // Between two requests of a connection.
    std::chrono::milliseconds idle_timeout{60'000};
    std::size_t connections_max = 1'024;  // Beyond: 503 and close.
    std::size_t requests_per_connection_max = 10'000;
    std::size_t handler_threads_count = 8;
    std::size_t handlers_queued_max = 128;
    std::size_t io_threads_count = 1;
    std::optional<Tls> tls = {};
    // Names of routes for the metrics' `route` label (Router::names()).
    std::vector<std::string> route_names = {};
  };

  // Code::unavailable if the address is taken, invalid_argument if it is none or a TLS file is bad.
  // `clock`, `random`, `log` and `metrics` outlive the server.
  static Result<std::unique_ptr<Server>> open(Options options, ServerHandler handler,
                                              const Clock& clock, SharedRandom& random,
                                              telemetry::Log& log,
                                              telemetry::MetricRegistry& metrics);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  // "http://127.0.0.1:7071" or "https://…".
  std::string origin() const;
  // The listening socket once more, for a process that goes on serving it: connections that nobody
  // has accepted wait in it and belong to whoever accepts next.
  Result<runtime::Descriptor> share_listener() const;
  // For `patience`, goes on accepting but says "Connection: close" in each answer, so that clients
  // which speak leave by themselves. Then stops accepting, answers what is running and the first
  // request of a connection that was just made, closes idle connections, and returns when all are
  // gone: or at the deadline, with those contexts stopped, deadline_exceeded.
  Status drain(std::chrono::milliseconds longest, std::chrono::milliseconds patience = {});

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cloudfolio::http

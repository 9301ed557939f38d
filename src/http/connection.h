#pragma once
// Connection: reads requests one after the other, has each answered, writes the answers in order.
// Internal to this room.
//
// Threads: everything but close_if_idle() and close() on the connection's strand; those two may be
// called from any thread.

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <memory>
#include <stop_token>
#include <string>

#include "http/server.h"
#include "http/stream.h"
#include "http/wire.h"
#include "runtime/thread_pool.h"

namespace cloudfolio::http {

// What all connections of a server share; outlives them.
struct Shared {
  const Server::Options& options;
  const ServerHandler& handler;
  const Clock& clock;
  SharedRandom& random;
  telemetry::Log& log;
  runtime::ThreadPool& pool;
  telemetry::CounterFamily& requests;   // route, status
  telemetry::HistogramFamily& seconds;  // route
  telemetry::CounterFamily& refused;    // reason
  std::atomic<bool>& closing;           // Every answer is its connection's last.
  std::atomic<bool>& draining;          // And no connection waits for another request.
  std::stop_token stop;
};

// Which connections that wait for a request's first byte: those that had an answer, or all.
enum class Idle { after_an_answer, all };

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Shared& shared, std::unique_ptr<Stream> stream, std::string peer);

  // Serves until the connection ends. The caller keeps a shared_ptr meanwhile.
  Awaitable<void> run();
  // Ends it if it waits for a request's first byte.
  void close_if_idle(Idle which);
  void close();

 private:
  enum class Read { request, end, refused };
  // What kept us from a request, as the answer to it.
  struct Refusal {
    int status = 0;
    std::string message;
    std::string_view reason;  // Metric label.
  };

  Awaitable<Read> read_request(Request& request, KeepAlive& keep_alive, Refusal& refusal);
  Awaitable<bool> wait_for_first_byte();
  Awaitable<bool> fill(Refusal& refusal);
  // From here the request has request_timeout to arrive; its read is cancelled then, the socket
  // stays.
  void arm_slow_timer();
  void disarm_slow_timer();
  Awaitable<Response> answer(Request& request);
  // False if the connection is broken.
  Awaitable<bool> write(Method method, Response& response, KeepAlive keep_alive);
  Awaitable<void> refuse(const Refusal& refusal);
  // Ends our side, then reads for a moment, so that the peer sees our answer and not a reset.
  Awaitable<void> linger();
  void count(std::string_view route, int status);

  Shared& shared_;
  const std::unique_ptr<Stream> stream_;
  const std::string peer_;
  boost::beast::flat_buffer buffer_;
  std::size_t requests_count_ = 0;
  boost::asio::steady_timer slow_timer_;
  std::uint64_t slow_serial_ = 0;  // Tells a timer that fired late from the current one.
  bool slow_armed_ = false;
  bool too_slow_ = false;
  std::atomic<bool> idle_{false};
};

}  // namespace cloudfolio::http

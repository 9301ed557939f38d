#include "http/server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <future>
#include <mutex>
#include <set>
#include <thread>

#include "http/connection.h"
#include "http/json_response.h"
#include "http/wire.h"

namespace cloudfolio::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

// How long a connection that was just made may take to its first request while we drain.
constexpr std::chrono::milliseconds kFirstRequestLongest = 1s;
// After an accept that failed for want of descriptors or memory.
constexpr auto kAcceptPause = 100ms;

std::vector<telemetry::Label> request_labels(const Server::Options& options) {
  std::vector<std::string> routes = options.route_names;
  routes.push_back("none");
  return {
      {"route", std::move(routes)},
      {"status", {"200", "201", "202", "204", "302", "304", "400", "401", "403", "404", "405",
                  "408", "409", "410", "413", "422", "429", "431", "500", "502", "503", "504"}}};
}

std::string text_of(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  const std::string host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
  return host + ":" + std::to_string(endpoint.port());
}

Status set_up_tls(asio::ssl::context& context, const Server::Tls& tls) {
  ErrorCode failed;
  context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                          asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                          asio::ssl::context::no_tlsv1_1 | asio::ssl::context::single_dh_use,
                      failed);
  context.use_certificate_chain_file(tls.certificate_chain_file.string(), failed);
  if (failed)
    return Error(Code::invalid_argument, "TLS certificate " + tls.certificate_chain_file.string() +
                                             ": " + failed.message());
  context.use_private_key_file(tls.private_key_file.string(), asio::ssl::context::pem, failed);
  if (failed)
    return Error(Code::invalid_argument,
                 "TLS key " + tls.private_key_file.string() + ": " + failed.message());
  return Done{};
}

}  // namespace

struct Server::State {
  State(Options given, ServerHandler the_handler, const Clock& clock, SharedRandom& random,
        telemetry::Log& the_log, telemetry::MetricRegistry& metrics)
      : options(std::move(given)),
        handler(std::move(the_handler)),
        log(the_log),
        connections_gauge(metrics.gauge("cloudfolio_http_connections", "Connections open now.")),
        pool({.name = "http-handlers",
              .threads_count = options.handler_threads_count,
              .queued_max = options.handlers_queued_max}),
        shared{options,
               handler,
               clock,
               random,
               log,
               pool,
               metrics.counters("cloudfolio_http_requests_total", "Requests answered.",
                                request_labels(options)),
               metrics.histograms(
                   "cloudfolio_http_request_seconds", "Time from a whole request to its answer.",
                   {request_labels(options)[0]}, telemetry::request_seconds_bounds()),
               metrics.counters("cloudfolio_http_refused_total",
                                "Requests and connections that the server itself refused.",
                                {{"reason",
                                  {"malformed", "too_slow", "header_too_large", "body_too_large",
                                   "too_busy", "too_many_connections"}}}),
               closing,
               draining,
               stop.get_token()},
        io(static_cast<int>(options.io_threads_count)),
        work(asio::make_work_guard(io)),
        acceptor(asio::make_strand(io)) {}

  Status adopt_listener() {
    CF_TRY(const Endpoint bound, endpoint_of_listener(options.listening_socket));
    ErrorCode failed;
    local = tcp::endpoint(asio::ip::make_address(bound.address, failed), bound.port);
    if (!failed) acceptor.assign(local.protocol(), options.listening_socket, failed);
    if (failed) return Error(Code::unavailable, "the socket handed over: " + failed.message());
    return Done{};
  }

  Status listen() {
    if (options.listening_socket >= 0) return adopt_listener();
    ErrorCode failed;
    const std::string name = options.address == "localhost" ? "127.0.0.1" : options.address;
    const auto address = asio::ip::make_address(name, failed);
    if (failed)
      return Error(Code::invalid_argument, "listen on '" + options.address +
                                               "': not an address; use 127.0.0.1 or another "
                                               "numeric one");
    const tcp::endpoint endpoint(address, options.port);
    acceptor.open(endpoint.protocol(), failed);
    if (!failed) acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
    if (!failed) acceptor.bind(endpoint, failed);
    if (!failed) acceptor.listen(asio::socket_base::max_listen_connections, failed);
    if (failed)
      return Error(Code::unavailable, "listen on " + text_of(endpoint) + ": " + failed.message());
    local = acceptor.local_endpoint(failed);
    return Done{};
  }

  void start() {
    asio::co_spawn(acceptor.get_executor(), accept_all(), asio::detached);
    for (std::size_t i = 0; i < options.io_threads_count; ++i)
      threads.emplace_back([this] { io.run(); });
  }

  Awaitable<void> accept_all() {
    asio::steady_timer pause(acceptor.get_executor());
    while (!draining) {
      ErrorCode failed;
      tcp::socket socket = co_await acceptor.async_accept(
          asio::make_strand(io), asio::redirect_error(asio::use_awaitable, failed));
      if (failed == asio::error::operation_aborted) break;
      if (failed) {
        log.warn({}, "http.accept_failed", {{"error", failed.message()}});
        pause.expires_after(kAcceptPause);
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, failed));
        continue;
      }
      welcome(std::move(socket));  // Also while draining: nobody else can answer it.
    }
    const std::lock_guard lock(mutex);
    accepting = false;
    all_gone.notify_all();
  }

  void welcome(tcp::socket socket) {
    ErrorCode ignored;  // A connection that is gone already fails at its first read.
    socket.set_option(tcp::no_delay(true), ignored);
    const std::string peer = text_of(socket.remote_endpoint(ignored));
    const auto executor = socket.get_executor();
    boost::beast::tcp_stream stream(std::move(socket));
    {
      const std::lock_guard lock(mutex);
      if (connections.size() >= options.connections_max) return turn_away(stream);
    }
    auto connection = std::make_shared<Connection>(
        shared,
        tls ? make_tls_stream(std::move(stream), *tls) : make_plain_stream(std::move(stream)),
        peer);
    {
      const std::lock_guard lock(mutex);
      connections.insert(connection);
      connections_gauge.set(static_cast<double>(connections.size()));
    }
    asio::co_spawn(executor, serve(std::move(connection)), asio::detached);
  }

  // Without waiting: the answer fits the socket's buffer, or the peer gets none.
  void turn_away(boost::beast::tcp_stream& stream) {
    shared.refused.with({"too_many_connections"}).add();
    if (tls) return;
    Response busy = error_response(503, "Too many connections; try again in a second");
    busy.headers.set("Retry-After", "1");
    ResponseFrame frame;
    frame.keep_alive = KeepAlive::no;
    frame.date = shared.clock.wall_time();
    const std::string text = response_head(busy, frame) + std::string(busy.body.view());
    ErrorCode ignored;
    stream.socket().non_blocking(true, ignored);
    stream.socket().send(asio::buffer(text), 0, ignored);
    stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  Awaitable<void> serve(std::shared_ptr<Connection> connection) {
    co_await connection->run();
    const std::lock_guard lock(mutex);
    connections.erase(connection);
    connections_gauge.set(static_cast<double>(connections.size()));
    if (connections.empty()) all_gone.notify_all();
  }

  void stop_accepting() {
    draining = true;
    asio::post(acceptor.get_executor(), [this] {
      ErrorCode ignored;
      acceptor.close(ignored);
    });
    close_idle(Idle::after_an_answer);
  }

  void close_idle(Idle which) {
    const std::lock_guard lock(mutex);
    for (const auto& connection : connections) connection->close_if_idle(which);
  }

  bool wait_until_gone(std::chrono::milliseconds longest) {
    std::unique_lock lock(mutex);
    return all_gone.wait_for(lock, longest, [&] { return connections.empty() && !accepting; });
  }

  void break_connections() {
    stop.request_stop();
    const std::lock_guard lock(mutex);
    for (const auto& connection : connections) connection->close();
  }

  ~State() {
    stop_accepting();
    break_connections();
    pool.close();
    work.reset();
    io.stop();
    for (std::thread& thread : threads) thread.join();
    connections.clear();  // Their sockets may not outlive `io`.
  }

  const Options options;
  const ServerHandler handler;
  telemetry::Log& log;
  telemetry::Gauge& connections_gauge;
  std::atomic<bool> closing{false};   // Every answer is its connection's last.
  std::atomic<bool> draining{false};  // And no connection waits for another request.
  std::stop_source stop;
  tcp::endpoint local;
  std::optional<asio::ssl::context> tls;
  runtime::ThreadPool pool;
  Shared shared;
  std::mutex mutex;
  std::condition_variable all_gone;
  bool accepting = true;  // Under the mutex.
  std::set<std::shared_ptr<Connection>> connections;
  // What coroutines hold dies with this, before what they refer to above.
  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  tcp::acceptor acceptor;
  std::vector<std::thread> threads;
};

Result<Endpoint> endpoint_of_listener(int socket) {
  tcp::endpoint bound;
  auto size = static_cast<socklen_t>(bound.capacity());
  int listens = 0;
  socklen_t listens_size = sizeof listens;
  if (getsockname(socket, bound.data(), &size) != 0 ||
      (bound.data()->sa_family != AF_INET && bound.data()->sa_family != AF_INET6) ||
      getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listens, &listens_size) != 0 || listens == 0)
    return Error(Code::invalid_argument, "descriptor " + std::to_string(socket) +
                                             " that was handed over is no listening TCP socket");
  return Endpoint{bound.address().to_string(), bound.port()};
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::open(Options options, ServerHandler handler,
                                             const Clock& clock, SharedRandom& random,
                                             telemetry::Log& log,
                                             telemetry::MetricRegistry& metrics) {
  auto state =
      std::make_unique<State>(std::move(options), std::move(handler), clock, random, log, metrics);
  if (state->options.tls) {
    state->tls.emplace(asio::ssl::context::tls_server);
    CF_CHECK(set_up_tls(*state->tls, *state->options.tls));
  }
  CF_CHECK(state->listen());
  state->start();
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

std::uint16_t Server::port() const {
  return state_->local.port();
}

std::string Server::origin() const {
  return (state_->tls ? "https://" : "http://") + text_of(state_->local);
}

Result<runtime::Descriptor> Server::share_listener() const {
  std::promise<int> shared;
  asio::post(state_->acceptor.get_executor(), [&] {
    shared.set_value(fcntl(state_->acceptor.native_handle(), F_DUPFD_CLOEXEC, 0));
  });
  runtime::Descriptor copy(shared.get_future().get());
  if (!copy) return Error(Code::unavailable, "the listening socket cannot be shared");
  return copy;
}

Status Server::drain(std::chrono::milliseconds longest, std::chrono::milliseconds patience) {
  state_->closing = true;
  if (patience > 0ms && state_->wait_until_gone(patience)) return Done{};
  state_->stop_accepting();
  if (state_->wait_until_gone(std::min(longest, kFirstRequestLongest))) return Done{};
  state_->close_idle(Idle::all);
  if (state_->wait_until_gone(longest)) return Done{};
  std::unique_lock lock(state_->mutex);
  const std::size_t left = state_->connections.size();
  lock.unlock();
  state_->break_connections();
  return Error(Code::deadline_exceeded,
               std::to_string(left) + " connections were still busy when the time to drain ended");
}

}  // namespace cloudfolio::http

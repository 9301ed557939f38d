#include "http/connection.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

#include "http/json_response.h"
#include "http/wire.h"
#include "telemetry/trace.h"

namespace cloudfolio::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using namespace std::chrono_literals;
using Parser = beast::http::request_parser<beast::http::string_body>;

constexpr std::size_t kReadBytes = 16 * kKiB;
constexpr auto kLingerLongest = 2s;

std::string_view view_of(beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

Connection::Connection(Shared& shared, std::unique_ptr<Stream> stream, std::string peer)
    : shared_(shared),
      stream_(std::move(stream)),
      peer_(std::move(peer)),
      slow_timer_(stream_->socket().get_executor()) {}

Awaitable<void> Connection::run() {
  ErrorCode failed;
  stream_->socket().expires_after(shared_.options.request_timeout);
  co_await stream_->handshake(failed);
  if (failed) co_return;
  while (true) {
    Request request;
    Refusal refusal;
    KeepAlive keep_alive = KeepAlive::no;
    const Read read = co_await read_request(request, keep_alive, refusal);
    if (read == Read::refused) co_await refuse(refusal);
    if (read != Read::request) break;
    Response response = co_await answer(request);
    if (response.status == kBrokenOff) co_return;
    ++requests_count_;
    if (shared_.closing || requests_count_ >= shared_.options.requests_per_connection_max)
      keep_alive = KeepAlive::no;
    const bool written = co_await write(request.method, response, keep_alive);
    if (!written) co_return;
    if (keep_alive == KeepAlive::no) break;
  }
  co_await linger();
}

Awaitable<bool> Connection::wait_for_first_byte() {
  if (buffer_.size() > 0) co_return true;  // Pipelined.
  stream_->socket().expires_after(shared_.options.idle_timeout);
  idle_ = true;
  // close_if_idle() sets the flag first and looks second; so do we, the other way round.
  if (shared_.draining && requests_count_ > 0) co_return false;
  ErrorCode failed;
  const asio::mutable_buffer space = buffer_.prepare(kReadBytes);
  const std::size_t count = co_await stream_->read_some(space, failed);
  idle_ = false;
  buffer_.commit(count);
  co_return !failed && count > 0;
}

// Reads more of a request that has begun.
Awaitable<bool> Connection::fill(Refusal& refusal) {
  if (!slow_armed_) arm_slow_timer();
  ErrorCode failed;
  const asio::mutable_buffer space = buffer_.prepare(kReadBytes);
  const std::size_t count = co_await stream_->read_some(space, failed);
  buffer_.commit(count);
  if (!failed && !too_slow_) co_return true;
  if (too_slow_) {
    refusal = Refusal{408, "The request did not arrive in time", "too_slow"};
  } else if (failed == asio::error::eof) {
    refusal = Refusal{400, "The connection ended inside the request", "malformed"};
  }
  co_return false;
}

void Connection::arm_slow_timer() {
  slow_armed_ = true;
  slow_timer_.expires_after(shared_.options.request_timeout);
  slow_timer_.async_wait([weak = weak_from_this(), serial = slow_serial_](const ErrorCode& failed) {
    const auto self = weak.lock();
    if (failed || !self || self->slow_serial_ != serial) return;
    self->too_slow_ = true;
    self->stream_->socket().cancel();
  });
}

void Connection::disarm_slow_timer() {
  if (!slow_armed_) return;
  slow_armed_ = false;
  ++slow_serial_;
  slow_timer_.cancel();
}

Awaitable<Connection::Read> Connection::read_request(Request& request, KeepAlive& keep_alive,
                                                     Refusal& refusal) {
  const bool begun = co_await wait_for_first_byte();
  if (!begun) co_return Read::end;
  stream_->socket().expires_never();
  Parser parser;
  parser.eager(true);
  parser.header_limit(static_cast<std::uint32_t>(shared_.options.header_bytes_max));
  parser.body_limit(shared_.options.body_bytes_max);
  bool continued = false;
  while (true) {
    ErrorCode failed;
    buffer_.consume(parser.put(buffer_.data(), failed));
    if (failed == beast::http::error::header_limit) {
      refusal = Refusal{431, "The request's header is too large", "header_too_large"};
      co_return Read::refused;
    }
    if (failed == beast::http::error::body_limit) {
      refusal = Refusal{413,
                        "The request's body is larger than " +
                            std::to_string(shared_.options.body_bytes_max) + " bytes",
                        "body_too_large"};
      co_return Read::refused;
    }
    if (failed && failed != beast::http::error::need_more) {
      refusal = Refusal{400, "Malformed request: " + failed.message(), "malformed"};
      co_return Read::refused;
    }
    if (parser.is_done()) break;
    const bool expects = parser.is_header_done() && !continued &&
                         beast::iequals(parser.get()[beast::http::field::expect], "100-continue");
    if (expects) {
      continued = true;
      const TwoBuffers go_on{asio::buffer("HTTP/1.1 100 Continue\r\n\r\n", 25), {}};
      co_await stream_->write(go_on, failed);
      if (failed) co_return Read::end;
    }
    const bool filled = co_await fill(refusal);
    if (!filled) co_return refusal.status ? Read::refused : Read::end;
  }
  disarm_slow_timer();
  auto message = parser.release();
  // The one field that HTTP/1.1 asks for, exactly once.
  if (message.version() >= 11 && message.count(beast::http::field::host) != 1) {
    refusal = Refusal{400, "Malformed request: exactly one Host is needed", "malformed"};
    co_return Read::refused;
  }
  if (!read_target(view_of(message.target()), request)) {
    refusal = Refusal{400, "Malformed request: the target is not a path", "malformed"};
    co_return Read::refused;
  }
  request.method = method_from(view_of(message.method_string()));
  for (const auto& field : message)
    request.headers.add(std::string(view_of(field.name_string())),
                        std::string(view_of(field.value())));
  request.body = std::move(message.body());
  keep_alive = message.keep_alive() ? KeepAlive::yes : KeepAlive::no;
  co_return Read::request;
}

Awaitable<Response> Connection::answer(Request& request) {
  const auto started = shared_.clock.now();
  request.peer = peer_;
  request.request_id =
      request_id_from(request.headers.find("X-Request-Id").value_or(""), shared_.random);
  const auto parent =
      telemetry::parse_traceparent(request.headers.find("traceparent").value_or(""));
  const telemetry::TraceParent trace =
      parent ? telemetry::child_of(*parent, shared_.random) : telemetry::make_trace(shared_.random);
  request.context = Context(TenantId(), started + shared_.options.request_timeout, shared_.stop)
                        .with_trace(trace.trace);

  // The handler runs on the pool and its answer comes back to this strand. The completion is shared
  // because a refused submit must still answer.
  auto initiate = [this, &request](auto completion) {
    using Completion = decltype(completion);
    auto done = std::make_shared<Completion>(std::move(completion));
    const auto executor = asio::get_associated_executor(*done);
    const auto finish = [done, executor](Response response) {
      asio::post(executor, [done, response = std::move(response)]() mutable {
        (*done)(std::move(response));
      });
    };
    const Status submitted = shared_.pool.submit(
        request.context,
        [this, &request, finish] {
          try {
            finish(shared_.handler(request));
          } catch (const std::bad_alloc&) {
            throw;  // Nothing sensible can be done here.
          } catch (const std::exception& thrown) {
            shared_.log.error(request.context, "http.handler_failed",
                              {{"target", request.path},
                               {"request_id", request.request_id},
                               {"error", std::string_view(thrown.what())}});
            finish(error_response(500, "Internal error; request id " + request.request_id));
          }
        },
        runtime::WhenFull::refuse);
    if (!submitted) {
      shared_.refused.with({"too_busy"}).add();
      Response busy = error_response(503, "Too many requests at once; try again in a second");
      busy.headers.set("Retry-After", "1");
      finish(std::move(busy));
    }
  };
  auto token = asio::use_awaitable;
  Response response =
      co_await asio::async_initiate<decltype(token), void(Response)>(initiate, token);

  response.headers.set("X-Request-Id", request.request_id);
  response.headers.set("traceparent", telemetry::to_text(trace));
  const std::string_view route = request.route.empty() ? "none" : std::string_view(request.route);
  count(route, response.status);
  const auto took = shared_.clock.now() - started;
  shared_.seconds.with({route}).observe(std::chrono::duration<double>(took).count());
  shared_.log.debug(request.context, "http.answered",
                    {{"method", to_string(request.method)},
                     {"route", route},
                     {"status", response.status},
                     {"seconds", took},
                     {"request_id", request.request_id}});
  co_return response;
}

Awaitable<bool> Connection::write(Method method, Response& response, KeepAlive keep_alive) {
  ResponseFrame frame;
  frame.keep_alive = keep_alive;
  frame.date = shared_.clock.wall_time();
  const std::string head = response_head(response, frame);
  const std::string_view body =
      sends_body(method, response.status) ? response.body.view() : std::string_view();
  const TwoBuffers bytes{asio::buffer(head), asio::buffer(body.data(), body.size())};
  stream_->socket().expires_after(shared_.options.request_timeout);
  ErrorCode failed;
  co_await stream_->write(bytes, failed);
  co_return !failed;
}

Awaitable<void> Connection::refuse(const Refusal& refusal) {
  disarm_slow_timer();
  Response response = error_response(refusal.status, refusal.message);
  shared_.refused.with({refusal.reason}).add();
  count("none", refusal.status);
  co_await write(Method::other, response, KeepAlive::no);
}

Awaitable<void> Connection::linger() {
  stream_->socket().expires_after(kLingerLongest);
  co_await stream_->end_writing();
  ErrorCode failed;
  while (!failed) {
    buffer_.clear();
    const asio::mutable_buffer space = buffer_.prepare(kReadBytes);
    co_await stream_->read_some(space, failed);
  }
  stream_->socket().close();
}

void Connection::count(std::string_view route, int status) {
  shared_.requests.with({route, std::to_string(status)}).add();
}

void Connection::close_if_idle(Idle which) {
  asio::post(stream_->socket().get_executor(), [self = shared_from_this(), which] {
    if (which == Idle::after_an_answer && self->requests_count_ == 0) return;
    // Not close(): a request that has just been read shall still be answered.
    if (self->idle_) self->stream_->socket().cancel();
  });
}

void Connection::close() {
  asio::post(stream_->socket().get_executor(),
             [self = shared_from_this()] { self->stream_->socket().close(); });
}

}  // namespace cloudfolio::http

#include "http/stream.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace cloudfolio::http {
namespace {

namespace asio = boost::asio;

class PlainStream final : public Stream {
 public:
  explicit PlainStream(boost::beast::tcp_stream socket) : socket_(std::move(socket)) {}

  boost::beast::tcp_stream& socket() override { return socket_; }

  Awaitable<void> handshake(ErrorCode&) override { co_return; }

  Awaitable<std::size_t> read_some(asio::mutable_buffer into, ErrorCode& failed) override {
    co_return co_await socket_.async_read_some(into,
                                               asio::redirect_error(asio::use_awaitable, failed));
  }

  Awaitable<void> write(TwoBuffers bytes, ErrorCode& failed) override {
    co_await asio::async_write(socket_, bytes, asio::redirect_error(asio::use_awaitable, failed));
  }

  Awaitable<void> end_writing() override {
    ErrorCode ignored;  // The peer may be gone already.
    socket_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    co_return;
  }

 private:
  boost::beast::tcp_stream socket_;
};

class TlsStream final : public Stream {
 public:
  TlsStream(boost::beast::tcp_stream socket, asio::ssl::context& context)
      : stream_(std::move(socket), context) {}

  boost::beast::tcp_stream& socket() override { return stream_.next_layer(); }

  Awaitable<void> handshake(ErrorCode& failed) override {
    co_await stream_.async_handshake(asio::ssl::stream_base::server,
                                     asio::redirect_error(asio::use_awaitable, failed));
  }

  Awaitable<std::size_t> read_some(asio::mutable_buffer into, ErrorCode& failed) override {
    co_return co_await stream_.async_read_some(into,
                                               asio::redirect_error(asio::use_awaitable, failed));
  }

  Awaitable<void> write(TwoBuffers bytes, ErrorCode& failed) override {
    co_await asio::async_write(stream_, bytes, asio::redirect_error(asio::use_awaitable, failed));
  }

  Awaitable<void> end_writing() override {
    ErrorCode ignored;  // Most clients close without an answer to close_notify.
    co_await stream_.async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
  }

 private:
  asio::ssl::stream<boost::beast::tcp_stream> stream_;
};

}  // namespace

std::unique_ptr<Stream> make_plain_stream(boost::beast::tcp_stream socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

std::unique_ptr<Stream> make_tls_stream(boost::beast::tcp_stream socket,
                                        asio::ssl::context& context) {
  return std::make_unique<TlsStream>(std::move(socket), context);
}

}  // namespace cloudfolio::http

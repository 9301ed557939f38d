#pragma once
// Stream: a connection's bytes, plain or under TLS, as coroutines. Internal to this room.
//
// Threads: everything on the connection's strand. Time limits are those of socket().
// A reference parameter outlives the coroutine: callers await at once.

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <memory>

namespace cloudfolio::http {

using ErrorCode = boost::system::error_code;
template <class T>
using Awaitable = boost::asio::awaitable<T>;
using TwoBuffers = std::array<boost::asio::const_buffer, 2>;

class Stream {
 public:
  virtual ~Stream() = default;
  // The socket below, for time limits and for closing.
  virtual boost::beast::tcp_stream& socket() = 0;
  virtual Awaitable<void> handshake(ErrorCode& failed) = 0;
  virtual Awaitable<std::size_t> read_some(boost::asio::mutable_buffer into, ErrorCode& failed) = 0;
  virtual Awaitable<void> write(TwoBuffers bytes, ErrorCode& failed) = 0;
  // Says the end to the peer; more may still be read from it.
  virtual Awaitable<void> end_writing() = 0;
};

std::unique_ptr<Stream> make_plain_stream(boost::beast::tcp_stream socket);
// `context` outlives the stream.
std::unique_ptr<Stream> make_tls_stream(boost::beast::tcp_stream socket,
                                        boost::asio::ssl::context& context);

}  // namespace cloudfolio::http

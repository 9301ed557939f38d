#pragma once
// Client: one HTTP request, one answer, or an error that says what is wrong with the connection.
//
// Promises: no retries (but see Resend), no redirects followed (a 3xx is an answer), no cookies, no
// proxy unless named in the options. Connections are kept and reused; HTTP/2 where the server
// offers it over TLS. An answer of any status is a value: only a request without a whole answer is
// an error. Threads: thread-safe; callers block. Errors: invalid_argument (bad URL), unavailable
// (refused, reset, name not found, TLS: each says which), deadline_exceeded (the context's deadline
// or the request's timeout), cancelled (the context's stop), quota_exceeded (answer above
// response_bytes_max). Messages name method, scheme, host and path, never the query or a header:
// those may hold secrets.

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/context.h"
#include "base/limits.h"
#include "base/result.h"
#include "http/message.h"

namespace cloudfolio::http {

enum class Encoding {
  any,  // gzip and what else the library reads; the body arrives decoded.
  raw,  // No Accept-Encoding; the body arrives as sent. For stores whose Content-Encoding lies.
};

// A connection that was kept may turn out to be closed when a request has just been sent.
enum class Resend {
  on_broken_connection,  // Once more on a fresh one. For what may happen twice.
  never,  // unavailable: whether the server acted on it is for the caller to find out.
};

struct ClientRequest {
  Method method = Method::get;
  std::string url = {};
  Headers headers = {};
  Body body = {};
  Encoding encoding = Encoding::any;
  Resend resend = Resend::on_broken_connection;
  std::size_t response_bytes_max = 64 * kMiB;  // Decoded.
  std::chrono::milliseconds timeout{60'000};   // Or the context's deadline, if that is sooner.
};

class Client {
 public:
  virtual ~Client() = default;
  virtual Result<Response> send(const Context& ctx, const ClientRequest& request) = 0;
};

struct ClientOptions {
  std::string user_agent = "cloudfolio";
  std::chrono::milliseconds connect_timeout{10'000};
  std::size_t idle_connections_max = 16;
  std::filesystem::path ca_file = {};  // PEM; empty: the system's authorities.
  std::string proxy = {};  // "http://host:port"; empty: none, whatever the environment says.
};

// `clock` outlives the client.
Result<std::unique_ptr<Client>> open_client(ClientOptions options, const Clock& clock);

}  // namespace cloudfolio::http

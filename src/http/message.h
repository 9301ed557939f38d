#pragma once
// Requests and responses as values, the same for server, client and tests. No sockets here.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/context.h"

namespace cloudfolio::http {

enum class Method : std::uint8_t { get, head, post, put, patch, delete_, options, other };
std::string_view to_string(Method method);  // "GET"
Method method_from(std::string_view text);  // Case-sensitive, as RFC 9110 says.

// Header fields in their order; names compare without case.
class Headers {
 public:
  using Entry = std::pair<std::string, std::string>;
  Headers() = default;
  Headers(std::initializer_list<Entry> entries) : entries_(entries) {}

  // The first value of that name.
  std::optional<std::string_view> find(std::string_view name) const;
  // Replaces all of that name.
  void set(std::string_view name, std::string value);
  void add(std::string name, std::string value);
  void remove(std::string_view name);
  bool empty() const { return entries_.empty(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

 private:
  std::vector<Entry> entries_;
};
bool same_name(std::string_view one, std::string_view other);  // ASCII, without case.

// Bytes that are owned, or shared without a copy (a cached bundle that many requests send).
class Body {
 public:
  Body() = default;
  Body(std::string bytes) : bytes_(std::move(bytes)) {}
  Body(const char* text) : bytes_(std::string(text)) {}
  Body(std::shared_ptr<const std::string> shared) : bytes_(std::move(shared)) {}
  std::string_view view() const;
  std::size_t size_bytes() const { return view().size(); }
  bool empty() const { return view().empty(); }
  // From now on copies share the bytes.
  void share();

 private:
  std::variant<std::string, std::shared_ptr<const std::string>> bytes_;
};

// Decoded name and value pairs of a query string, in their order.
using QueryParameters = std::vector<std::pair<std::string, std::string>>;

// What a handler gets. Valid during the handler's call.
struct Request {
  Method method = Method::get;
  std::string target;  // As sent: "/api/bundles/a%20b?x=1".
  std::string path;    // The part before '?', still percent-encoded.
  QueryParameters query;
  Headers headers;
  std::string body;
  std::string peer;        // "127.0.0.1:51234".
  std::string request_id;  // The caller's X-Request-Id if it is well-formed, else a fresh one.
  // Deadline: the server's request timeout. Trace: the caller's traceparent, or a fresh one.
  // Stopped when the server gives up draining. No tenant: authentication is the gateway's.
  Context context;
  // Filled by the Router: decoded values of {placeholders}, and the route's name for labels.
  std::map<std::string, std::string, std::less<>> path_parameters;
  std::string route;

  std::optional<std::string_view> find_query(std::string_view name) const;
  // Empty if the route has no such placeholder.
  std::string_view path_parameter(std::string_view name) const;
};

struct Response {
  int status = 200;
  Headers headers = {};
  Body body = {};
};

// The status of a response that is none: the server closes the connection without an answer. For
// simulators of servers that fail.
inline constexpr int kBrokenOff = 0;

// "Not Found" for 404; "" if it is not a registered one.
std::string_view reason_phrase(int status);

}  // namespace cloudfolio::http

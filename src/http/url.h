#pragma once
// URLs as far as we need them: absolute http(s) ones, percent-encoding and query strings (RFC
// 3986).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace cloudfolio::http {

struct Url {
  std::string scheme;  // "http" or "https".
  std::string host;    // Without brackets, lower case.
  std::uint16_t port = 0;
  std::string path;   // Percent-encoded, starts with '/'.
  std::string query;  // Percent-encoded, without '?'.

  // "http://127.0.0.1:7071"; the port only where it is not the scheme's own.
  std::string origin() const;
  std::string str() const;
};

// Code::invalid_argument for another scheme, user information, a missing host, a port out of range,
// control characters or spaces. A fragment is dropped.
Result<Url> parse_url(std::string_view text);

// Everything but unreserved characters becomes %XX.
std::string percent_encode(std::string_view text);
// The same, but '/' stays: for a path whose segments are already apart.
std::string percent_encode_path(std::string_view path);
// Nothing on a malformed escape. '+' stays '+'.
std::optional<std::string> percent_decode(std::string_view text);

// "a=1&b=x%20y".
std::string build_query(const QueryParameters& parameters);
// The inverse; '+' is a space. Malformed escapes are kept as they are.
QueryParameters parse_query(std::string_view query);

}  // namespace cloudfolio::http

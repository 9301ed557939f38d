#pragma once
// A request of one of the three services, before it is signed, and what came back.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/limits.h"
#include "http/message.h"
#include "http/url.h"

namespace cloudfolio::storage::azure {

enum class ServiceKind : std::uint8_t { blob, queue, table };
std::string_view to_string(ServiceKind kind);

// Of all requests and of all signatures.
inline constexpr std::string_view kServiceVersion = "2021-12-02";

struct WireRequest {
  http::Method method = http::Method::get;
  std::string path = {};  // Below the endpoint, percent-encoded, with its first slash.
  http::QueryParameters query = {};
  http::Headers headers = {};
  http::Body body = {};
  std::size_t answer_bytes_max = 64 * kMiB;
};

// An answer that is final: any status below 500 but for 408 and 429.
struct Reply {
  http::Response response;
  std::string code;    // The service's own, such as "BlobNotFound"; empty for a success.
  std::string detail;  // Its message, first line.
  // An earlier attempt of this request got no answer: what it asked for may have happened then.
  bool in_doubt = false;

  bool ok() const { return response.status >= 200 && response.status < 300; }
  int status() const { return response.status; }
  std::string header(std::string_view name) const;
};

// Header and query names compare without case; this is the case in which they are signed.
std::string lower_case(std::string_view name);

}  // namespace cloudfolio::storage::azure

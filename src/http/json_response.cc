#include "http/json_response.h"

#include <cstdlib>

#include "json/json.h"

namespace cloudfolio::http {

Response json_response(int status, const json::Value& value) {
  return {status, {{"Content-Type", "application/json; charset=utf-8"}}, json::write_pretty(value)};
}

Response error_response(int status, std::string_view message) {
  return json_response(status, json::Object{{"error", message}});
}

int status_of(Code code) {
  switch (code) {
    case Code::invalid_argument:
      return 400;
    case Code::unauthenticated:
      return 401;
    case Code::permission_denied:
      return 403;
    case Code::not_found:
      return 404;
    case Code::conflict:
      return 409;
    case Code::quota_exceeded:
      return 429;
    // An upstream's limit is not the caller's: the caller's own would be quota_exceeded.
    case Code::rate_limited:
    case Code::unavailable:
      return 503;
    case Code::deadline_exceeded:
      return 504;
    case Code::cancelled:
      return 499;
    case Code::corrupt:
    case Code::internal:
      return 500;
  }
  std::abort();  // Not an enumerator.
}

}  // namespace cloudfolio::http

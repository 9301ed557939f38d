#pragma once
// What goes on the wire around a body, as text: no sockets, so that tests read it directly.

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "http/message.h"

namespace cloudfolio::http {

// "Thu, 01 Jan 2026 00:00:00 GMT" (IMF-fixdate, RFC 9110 section 5.6.7).
std::string http_date(Clock::WallTime time);

enum class KeepAlive { no, yes };
struct ResponseFrame {
  KeepAlive keep_alive = KeepAlive::yes;
  Clock::WallTime date;
};
// Status line and header, the empty line included. Content-Length is the body's; what a handler set
// for Content-Length, Connection, Transfer-Encoding or Date is left out, line breaks become spaces.
std::string response_head(const Response& response, const ResponseFrame& frame);
// False for HEAD's answers, 1xx, 204 and 304.
bool sends_body(Method method, int status);

// The caller's id if it is 1 to 128 of [A-Za-z0-9._:-], else a fresh one of 16 hex digits.
std::string request_id_from(std::string_view header, SharedRandom& random);

// Splits a request target into path and query. False for a target that is neither a path, nor an
// absolute http(s) URL, nor "*".
bool read_target(std::string_view target, Request& request);

}  // namespace cloudfolio::http

#include "http/wire.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "http/url.h"

namespace cloudfolio::http {
namespace {

constexpr std::size_t kRequestIdBytesMax = 128;

bool set_by_server(std::string_view name) {
  return same_name(name, "Content-Length") || same_name(name, "Connection") ||
         same_name(name, "Transfer-Encoding") || same_name(name, "Date");
}

void append_line(std::string& out, std::string_view name, std::string_view value) {
  const auto append_clean = [&](std::string_view text) {
    for (const char c : text) out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
  };
  append_clean(name);
  out += ": ";
  append_clean(value);
  out += "\r\n";
}

}  // namespace

std::string http_date(Clock::WallTime time) {
  const std::time_t seconds =
      std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                                   kDays[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                                   kMonths[static_cast<std::size_t>(parts.tm_mon)],
                                   parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return std::string(text.data(), static_cast<std::size_t>(length));
}

bool sends_body(Method method, int status) {
  return method != Method::head && status >= 200 && status != 204 && status != 304;
}

std::string response_head(const Response& response, const ResponseFrame& frame) {
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + ' ';
  out += reason_phrase(response.status);
  out += "\r\n";
  append_line(out, "Date", http_date(frame.date));
  append_line(out, "Connection", frame.keep_alive == KeepAlive::yes ? "keep-alive" : "close");
  if (response.status >= 200 && response.status != 204 && response.status != 304)
    append_line(out, "Content-Length", std::to_string(response.body.size_bytes()));
  for (const auto& [name, value] : response.headers)
    if (!set_by_server(name)) append_line(out, name, value);
  out += "\r\n";
  return out;
}

std::string request_id_from(std::string_view header, SharedRandom& random) {
  const auto good = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '_' || c == ':' || c == '-';
  };
  if (!header.empty() && header.size() <= kRequestIdBytesMax &&
      std::all_of(header.begin(), header.end(), good))
    return std::string(header);
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx",
                static_cast<unsigned long long>(random.next()));
  return digits.data();
}

bool read_target(std::string_view target, Request& request) {
  request.target = std::string(target);
  if (target == "*") {
    request.path = "*";
    return true;
  }
  if (!target.starts_with('/')) {
    const auto url = parse_url(target);
    if (!url) return false;
    request.path = url->path;
    request.query = parse_query(url->query);
    return true;
  }
  target = target.substr(0, target.find('#'));
  const std::size_t question = target.find('?');
  request.path = std::string(target.substr(0, question));
  if (question != std::string_view::npos) request.query = parse_query(target.substr(question + 1));
  return true;
}

}  // namespace cloudfolio::http

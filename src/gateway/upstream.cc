#include "gateway/upstream.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace cloudfolio::gateway {
namespace {

// Of one connection, or made anew for each message.
constexpr std::array<std::string_view, 12> kOfTheConnection{"Connection",
                                                            "Keep-Alive",
                                                            "Proxy-Connection",
                                                            "Proxy-Authenticate",
                                                            "Proxy-Authorization",
                                                            "TE",
                                                            "Trailer",
                                                            "Transfer-Encoding",
                                                            "Upgrade",
                                                            "Host",
                                                            "Content-Length",
                                                            "Expect"};

bool is_one_of(std::string_view name, const auto& names) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view other) { return http::same_name(name, other); });
}

// Those that "Connection: a, b" names too.
std::vector<std::string_view> named_by_connection(const http::Headers& headers) {
  std::vector<std::string_view> names;
  for (const auto& [name, value] : headers) {
    if (!http::same_name(name, "Connection")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto comma = std::min(rest.find(','), rest.size());
      std::string_view word = rest.substr(0, comma);
      while (word.starts_with(' ')) word.remove_prefix(1);
      while (word.ends_with(' ')) word.remove_suffix(1);
      if (!word.empty()) names.push_back(word);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return names;
}

http::Headers end_to_end(const http::Headers& headers) {
  const auto named = named_by_connection(headers);
  http::Headers kept;
  for (const auto& [name, value] : headers)
    if (!is_one_of(name, kOfTheConnection) && !is_one_of(name, named)) kept.add(name, value);
  return kept;
}

void say_for_whom(const http::Request& request, http::Headers& headers) {
  const std::string host(request.headers.find("Host").value_or(""));
  const std::string before(request.headers.find("X-Forwarded-For").value_or(""));
  const std::string peer = request.peer.substr(0, request.peer.rfind(':'));
  headers.set("X-Forwarded-For", before.empty() ? peer : before + ", " + peer);
  if (!headers.find("X-Forwarded-Host")) headers.set("X-Forwarded-Host", host);
  if (!headers.find("X-Forwarded-Proto")) headers.set("X-Forwarded-Proto", "http");
  headers.set("X-Request-Id", request.request_id);
}

}  // namespace

Upstream::Upstream(std::string origin, http::Client& client)
    : origin_(std::move(origin)), client_(client) {}

Result<http::Response> Upstream::ask(const Context& ctx, const http::Request& request,
                                     Credentials credentials) const {
  http::ClientRequest asked;
  asked.method = request.method;
  asked.url = origin_ + request.target;
  asked.headers = end_to_end(request.headers);
  if (credentials == Credentials::withhold) {
    asked.headers.remove("Authorization");
    asked.headers.remove("x-functions-key");
  }
  say_for_whom(request, asked.headers);
  asked.body = request.body;
  asked.encoding = http::Encoding::raw;
  const bool safe = request.method == http::Method::get || request.method == http::Method::head;
  asked.resend = safe ? http::Resend::on_broken_connection : http::Resend::never;
  asked.response_bytes_max = kUpstreamAnswerBytesMax;
  CF_TRY(http::Response answer, client_.send(ctx, asked));
  answer.headers = end_to_end(answer.headers);
  return answer;
}

}  // namespace cloudfolio::gateway

#include "storage/azure/service.h"

#include "http/wire.h"
#include "storage/azure/backoff.h"
#include "storage/azure/error_body.h"
#include "storage/rules.h"

namespace cloudfolio::storage::azure {
namespace {

bool is_passing(int status) {
  return status == 408 || status == 429 || status >= 500;
}

// What it takes to send the same request again: nothing was said, or nothing final.
bool is_passing(const Error& error) {
  return error.code() == Code::unavailable || error.code() == Code::deadline_exceeded;
}

Error passing_error(const Reply& reply) {
  std::string message = "the storage service answers " + std::to_string(reply.status());
  if (!reply.code.empty()) message += " " + reply.code;
  return Error(reply.status() == 429 ? Code::rate_limited : Code::unavailable, message);
}

}  // namespace

Service::Service(ServiceKind kind, std::string url, const Parts& parts)
    : kind_(kind), url_(std::move(url)), parts_(parts) {
  if (const auto parsed = http::parse_url(url_); parsed && parsed->path != "/")
    url_path_ = parsed->path;
}

Result<http::Response> Service::attempt(const Context& ctx, const WireRequest& request) {
  WireRequest dated = request;
  dated.headers.set("x-ms-date", http::http_date(parts_.clock.wall_time()));
  dated.headers.set("x-ms-version", std::string(kServiceVersion));
  CF_CHECK(parts_.authorizer.authorize(ctx, kind_, url_path_ + dated.path, dated));
  http::ClientRequest sent;
  sent.method = dated.method;
  sent.url = url_ + dated.path;
  if (!dated.query.empty()) sent.url += "?" + http::build_query(dated.query);
  sent.headers = std::move(dated.headers);
  sent.body = std::move(dated.body);
  sent.encoding = http::Encoding::raw;
  // A write that is sent twice must be known to have been.
  if (sent.method != http::Method::get && sent.method != http::Method::head)
    sent.resend = http::Resend::never;
  sent.response_bytes_max = dated.answer_bytes_max;
  sent.timeout = parts_.options.attempt_timeout;
  return parts_.http.send(ctx, sent);
}

Result<Reply> Service::send(const Context& ctx, const WireRequest& request) {
  const Backoff backoff(parts_.options.retries, parts_.random);
  bool in_doubt = false, renewed = false;
  for (std::size_t count = 1;; ++count) {
    CF_CHECK(check_context(ctx, parts_.clock.now()));
    auto response = attempt(ctx, request);
    Error problem(Code::unavailable, "");
    std::optional<std::chrono::seconds> retry_after;
    if (response) {
      Reply reply = read_reply(*std::move(response));
      reply.in_doubt = in_doubt;
      if (reply.status() == 401 && !renewed && parts_.authorizer.refused()) {
        renewed = true;
        continue;
      }
      if (reply.status() == 401 || reply.status() == 403) return error_of(reply);
      if (!is_passing(reply.status())) return reply;
      retry_after = retry_after_from(reply.header("Retry-After"), parts_.clock.wall_time());
      problem = passing_error(reply);
    } else {
      problem = std::move(response).error();
      if (!is_passing(problem)) return problem;
      // The caller's deadline, not the attempt's.
      CF_CHECK(check_context(ctx, parts_.clock.now()));
    }
    in_doubt = true;
    const auto pause = backoff.pause(count, retry_after);
    if (!pause) return std::move(problem).while_doing(std::to_string(count) + " attempts");
    if (auto waited = wait(ctx, parts_.clock, *pause); !waited)
      return std::move(waited).error().while_doing(problem.message());
  }
}

Error error_of(const Reply& reply) {
  std::string message = "the storage service answers " + std::to_string(reply.status());
  if (!reply.code.empty()) message += " " + reply.code;
  if (!reply.detail.empty()) message += ": " + reply.detail;
  switch (reply.status()) {
    case 401:
      return Error(Code::unauthenticated, message);
    case 403:
      return Error(Code::permission_denied,
                   message + ": check the credential, its rights, and this machine's clock");
    case 404:
      return Error(Code::not_found, message);
    case 409:
    case 412:
      return Error(Code::conflict, message);
    case 400:
    case 413:
    case 416:
      return Error(Code::invalid_argument, message);
    default:
      return Error(Code::internal, message);
  }
}

Status check_reply(const Reply& reply) {
  return reply.ok() ? Status(Done{}) : Status(error_of(reply));
}

}  // namespace cloudfolio::storage::azure

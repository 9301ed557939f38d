#pragma once
// What went wrong, in terms of what the caller may do about it.
//
// A message is for people, built inside-out with while_doing(), and ends with a remedy where there
// is one. A code is for programs: a new code is a new decision for every caller, so prefer a
// clearer message over a new code.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace cloudfolio {

enum class Code : std::uint8_t {
  invalid_argument,   // Can never succeed as written.
  unauthenticated,    // Say who you are, or with a valid token.
  permission_denied,  // Known, and not allowed.
  not_found,
  conflict,        // Someone else changed it first: read again, then decide.
  quota_exceeded,  // The tenant must use less, or wait.
  rate_limited,    // An upstream limit: the same call succeeds after the time in the message.
  unavailable,     // The same call may succeed later.
  deadline_exceeded,
  cancelled,
  corrupt,   // Stored bytes are not what was written. Never retried.
  internal,  // Our bug.
};

// The code's stable name, as APIs print it: "not_found".
std::string_view to_string(Code code);
// The inverse; `internal` for a name that is none of ours (a newer peer's code).
Code code_from(std::string_view name);

class [[nodiscard]] Error {
 public:
  Error(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  Code code() const { return code_; }
  const std::string& message() const { return message_; }
  // True where the same call, unchanged, may succeed later.
  bool retryable() const { return code_ == Code::unavailable || code_ == Code::rate_limited; }

  // Prepends what the caller was doing, outermost first:
  // "sync octocat/hello: list repositories: connection refused".
  Error while_doing(std::string_view what) && {
    message_ = std::string(what) + ": " + message_;
    return std::move(*this);
  }

  bool operator==(const Error&) const = default;

 private:
  Code code_;
  std::string message_;
};

}  // namespace cloudfolio

#pragma once
// Gate: what GitHub decides about a request before any route sees it: who asks, whether a limit or
// a switched-on failure stops it; and what every answer carries afterwards (rate headers, ETag,
// 304).
//
// Threads: one thread at a time (the simulator holds a lock).

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "http/message.h"
#include "simulator/budgets.h"
#include "simulator/faults.h"

namespace cloudfolio::simulator {

struct Caller {
  std::string token;                 // Empty: anonymous.
  std::optional<std::string> login;  // The token's.
  bool sees_private = false;         // The login's own private repositories.
};

class Gate {
 public:
  Gate(std::map<std::string, std::string> tokens, BudgetLimits limits, Faults& faults,
       const Clock& clock)
      : tokens_(std::move(tokens)), budgets_(limits, clock), faults_(faults), clock_(clock) {}

  // The login of tokens where none are listed.
  void set_default_login(std::string login) { default_login_ = std::move(login); }
  Budgets& budgets() { return budgets_; }
  Caller caller_of(const http::Request& request) const;

  // The answer that stops the request, if one does. `resource` is "core" or "graphql".
  std::optional<http::Response> stop(const http::Request& request, const Caller& caller,
                                     const std::string& resource);
  // How much later than usual the answer leaves.
  std::chrono::milliseconds stall();
  // Cuts the body in half, where that fault is on.
  void spoil(http::Response& response);

  Standing look(const Caller& caller, const std::string& resource);
  Standing charge(const Caller& caller, const std::string& resource, std::int64_t points);
  void add_rate_headers(http::Response& response, const Standing& standing,
                        const std::string& resource);

  // Requests that came although an answer had told to wait.
  std::int64_t while_limited_count() const { return while_limited_count_; }
  void reset_counts() { while_limited_count_ = 0; }
  void forget_limits();

 private:
  std::optional<http::Response> failing(const std::string& resource);
  std::optional<http::Response> limited(const Caller& caller, const std::string& resource);
  http::Response secondary(std::optional<std::int64_t> retry_after);

  const std::map<std::string, std::string> tokens_;
  std::string default_login_;
  Budgets budgets_;
  Faults& faults_;
  const Clock& clock_;
  std::optional<Clock::WallTime> secondary_until_;
  std::map<std::string, Clock::WallTime> told_until_;  // By resource: a primary limit was answered.
  std::int64_t while_limited_count_ = 0;
};

// ETag of a body as GitHub makes it: SHA-256 over the sent Accept, Authorization and Cookie, each
// followed by ':', and then the body. In quotes.
std::string etag_of(const http::Request& request, std::string_view body);
// Turns a 200 into 304 if the request already has it. True if it did.
bool apply_etag(const http::Request& request, http::Response& response);

}  // namespace cloudfolio::simulator

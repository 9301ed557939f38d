#pragma once
// Why an activity or an orchestration failed, as history keeps it.
//
// Our own errors travel through it without loss of code: type is the code's name ("not_found").
// A type that is none of ours (a worker in another language) reads back as Code::internal.

#include <string>

#include "base/error.h"

namespace cloudfolio::durable {

struct Failure {
  std::string type;
  std::string message;
  std::string stack;           // Empty for our own errors.
  bool non_retriable = false;  // No retry policy may try again.

  bool operator==(const Failure&) const = default;
};

Failure failure_from(const Error& error);
Error error_from(const Failure& failure);

// Whether a retry policy may try again: unavailable, rate_limited, deadline_exceeded and internal
// may pass by themselves; every other code says that the same call fails again.
bool may_pass(Code code);

}  // namespace cloudfolio::durable

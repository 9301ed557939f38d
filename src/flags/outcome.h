#pragma once
// What became of a piece of work that a flag decided about, as the guard counts it.

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "base/result.h"

namespace cloudfolio::flags {

enum class Outcome : std::uint8_t {
  worked,
  failed,
  // Says nothing about the path: the caller's fault, a quota, a cancellation, shadow traffic.
  not_counted,
  // Could not be found out. Neither success nor failure.
  unknown,
};

enum class Traffic : std::uint8_t { real, shadow };

// Our failures are failures: unavailable, deadline_exceeded, corrupt, internal. What the caller or
// a limit caused (invalid_argument, unauthenticated, permission_denied, not_found, conflict,
// quota_exceeded, rate_limited, cancelled) is not counted.
Outcome outcome_of(Code code, Traffic traffic = Traffic::real);

template <class T>
Outcome outcome_of(const Result<T>& result, Traffic traffic = Traffic::real) {
  if (!result) return outcome_of(result.error().code(), traffic);
  return traffic == Traffic::shadow ? Outcome::not_counted : Outcome::worked;
}

}  // namespace cloudfolio::flags

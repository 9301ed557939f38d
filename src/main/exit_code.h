#pragma once
// Errors as exit codes; docs/operating/cli.md lists them.

#include "base/error.h"

namespace cloudfolio::main {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitNotFound = 3;
inline constexpr int kExitNotAllowed = 4;
inline constexpr int kExitTryLater = 5;
inline constexpr int kExitDamaged = 6;

constexpr int exit_code(Code code) {
  switch (code) {
    case Code::invalid_argument:
      return kExitUsage;
    case Code::not_found:
      return kExitNotFound;
    case Code::unauthenticated:
    case Code::permission_denied:
      return kExitNotAllowed;
    case Code::quota_exceeded:
    case Code::rate_limited:
    case Code::unavailable:
    case Code::deadline_exceeded:
      return kExitTryLater;
    case Code::corrupt:
      return kExitDamaged;
    case Code::conflict:
    case Code::cancelled:
    case Code::internal:
      return kExitFailed;
  }
  return kExitFailed;
}

}  // namespace cloudfolio::main

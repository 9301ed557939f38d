#include "base/error.h"

#include <array>
#include <cstdlib>

namespace cloudfolio {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::invalid_argument:
      return "invalid_argument";
    case Code::unauthenticated:
      return "unauthenticated";
    case Code::permission_denied:
      return "permission_denied";
    case Code::not_found:
      return "not_found";
    case Code::conflict:
      return "conflict";
    case Code::quota_exceeded:
      return "quota_exceeded";
    case Code::rate_limited:
      return "rate_limited";
    case Code::unavailable:
      return "unavailable";
    case Code::deadline_exceeded:
      return "deadline_exceeded";
    case Code::cancelled:
      return "cancelled";
    case Code::corrupt:
      return "corrupt";
    case Code::internal:
      return "internal";
  }
  std::abort();  // Not an enumerator.
}

Code code_from(std::string_view name) {
  constexpr std::array kAll{Code::invalid_argument, Code::unauthenticated, Code::permission_denied,
                            Code::not_found,        Code::conflict,        Code::quota_exceeded,
                            Code::rate_limited,     Code::unavailable,     Code::deadline_exceeded,
                            Code::cancelled,        Code::corrupt,         Code::internal};
  for (const Code code : kAll) {
    if (to_string(code) == name) return code;
  }
  return Code::internal;
}

}  // namespace cloudfolio

#include "flags/outcome.h"

namespace cloudfolio::flags {

Outcome outcome_of(Code code, Traffic traffic) {
  if (traffic == Traffic::shadow) return Outcome::not_counted;
  switch (code) {
    case Code::unavailable:
    case Code::deadline_exceeded:
    case Code::corrupt:
    case Code::internal:
      return Outcome::failed;
    case Code::invalid_argument:
    case Code::unauthenticated:
    case Code::permission_denied:
    case Code::not_found:
    case Code::conflict:
    case Code::quota_exceeded:
    case Code::rate_limited:
    case Code::cancelled:
      return Outcome::not_counted;
  }
  return Outcome::unknown;
}

}  // namespace cloudfolio::flags

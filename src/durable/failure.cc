#include "durable/failure.h"

namespace cloudfolio::durable {

Failure failure_from(const Error& error) {
  return Failure{.type = std::string(to_string(error.code())),
                 .message = error.message(),
                 .stack = {},
                 .non_retriable = !may_pass(error.code())};
}

Error error_from(const Failure& failure) {
  return Error(code_from(failure.type), failure.message);
}

bool may_pass(Code code) {
  switch (code) {
    case Code::rate_limited:
    case Code::unavailable:
    case Code::deadline_exceeded:
    case Code::internal:
      return true;
    case Code::invalid_argument:
    case Code::unauthenticated:
    case Code::permission_denied:
    case Code::not_found:
    case Code::conflict:
    case Code::quota_exceeded:
    case Code::cancelled:
    case Code::corrupt:
      return false;
  }
  return false;
}

}  // namespace cloudfolio::durable

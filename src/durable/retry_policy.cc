#include "durable/retry_policy.h"

#include <algorithm>
#include <cmath>

namespace cloudfolio::durable {

RetryPolicy::Duration RetryPolicy::delay_after(int attempt) const {
  const double factor = std::pow(coefficient_, std::max(0, attempt - 1));
  const double wanted = static_cast<double>(first_delay_.count()) * factor;
  const double limit = static_cast<double>(delay_max_.count());
  return wanted < limit ? Duration(static_cast<Duration::rep>(wanted)) : delay_max_;
}

}  // namespace cloudfolio::durable

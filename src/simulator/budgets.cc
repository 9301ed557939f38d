#include "simulator/budgets.h"

#include <algorithm>

namespace cloudfolio::simulator {

std::int64_t Budgets::limit_of(const std::string& principal) const {
  return principal.empty() ? limits_.without_token : limits_.with_token;
}

Budgets::Window& Budgets::window(const std::string& principal, const std::string& resource) {
  Window& window = windows_[{principal, resource}];
  const Clock::WallTime now = clock_.wall_time();
  if (window.reset_at <= now) {
    window.used = 0;
    window.reset_at = now + limits_.window;
  }
  const auto forced = forced_.find(resource);
  if (forced != forced_.end()) {
    window.used = std::max<std::int64_t>(0, limit_of(principal) - forced->second.remaining);
    window.reset_at = forced->second.reset_at;
    forced_.erase(forced);
  }
  return window;
}

Standing Budgets::look(const std::string& principal, const std::string& resource) {
  return charge(principal, resource, 0);
}

Standing Budgets::charge(const std::string& principal, const std::string& resource,
                         std::int64_t points) {
  Window& now = window(principal, resource);
  const std::int64_t limit = limit_of(principal);
  now.used = std::min(limit, now.used + points);
  return {limit, now.used, limit - now.used, now.reset_at};
}

void Budgets::set(const std::string& resource, std::int64_t remaining,
                  std::chrono::seconds reset_in) {
  const Clock::WallTime reset_at = clock_.wall_time() + reset_in;
  bool any = false;
  for (auto& [key, window] : windows_) {
    if (key.second != resource) continue;
    any = true;
    window.used = std::max<std::int64_t>(0, limit_of(key.first) - remaining);
    window.reset_at = reset_at;
  }
  if (!any) forced_[resource] = {remaining, reset_at};
}

}  // namespace cloudfolio::simulator

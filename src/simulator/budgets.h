#pragma once
// Budgets: GitHub's primary rate limits, one for each principal and resource.
//
// 5,000 an hour with a token, REST 60 without (docs.github.com/rest/using-the-rest-api/
// rate-limits-for-the-rest-api). A window begins with its first request and lasts an hour.

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "base/clock.h"

namespace cloudfolio::simulator {

struct BudgetLimits {
  std::int64_t with_token = 5'000;
  std::int64_t without_token = 60;
  std::chrono::seconds window{3'600};
};

struct Standing {
  std::int64_t limit = 0;
  std::int64_t used = 0;
  std::int64_t remaining = 0;
  Clock::WallTime reset_at{};
};

class Budgets {
 public:
  Budgets(BudgetLimits limits, const Clock& clock) : limits_(limits), clock_(clock) {}

  // `principal` is empty for anonymous callers.
  Standing look(const std::string& principal, const std::string& resource);
  Standing charge(const std::string& principal, const std::string& resource, std::int64_t points);
  // Sets what is left in the running window, for every principal, and when it ends.
  void set(const std::string& resource, std::int64_t remaining, std::chrono::seconds reset_in);
  void reset() {
    windows_.clear();
    forced_.clear();
  }

 private:
  struct Window {
    std::int64_t used = 0;
    Clock::WallTime reset_at{};
  };
  struct Forced {
    std::int64_t remaining = 0;
    Clock::WallTime reset_at{};
  };
  Window& window(const std::string& principal, const std::string& resource);
  std::int64_t limit_of(const std::string& principal) const;

  const BudgetLimits limits_;
  const Clock& clock_;
  std::map<std::pair<std::string, std::string>, Window> windows_;
  std::map<std::string, Forced> forced_;
};

}  // namespace cloudfolio::simulator

// The flags' guard over long simulated traffic; prints its figures as one JSON object.
//
// Fifty tenants, ten requests a second, the whole new path unless said otherwise. To act: requests
// from the first failing one to the turn-back. Falsely: turn-backs of the flag or of one tenant, at
// the tolerated rate on both paths.

#include <cstdio>
#include <string>
#include <vector>

#include "base/random.h"
#include "flags/guard.h"

namespace {

using namespace cloudfolio;
using namespace cloudfolio::flags;

constexpr std::uint64_t kTenants = 50;
constexpr std::chrono::milliseconds kBetween{100};

class Traffic {
 public:
  explicit Traffic(std::uint64_t seed) : chance_(seed) {
    for (std::uint64_t i = 0; i < kTenants; ++i) tenants_.emplace_back("t" + std::to_string(i));
  }
  Verdict::Act next(double rate, double treated_share) {
    now_ += kBetween;
    const auto arm = chance_.unit() < treated_share ? Guard::Arm::treated : Guard::Arm::control;
    return guard
        .add(arm, tenants_[chance_.below(kTenants)],
             chance_.unit() < rate ? Outcome::failed : Outcome::worked, now_)
        .act;
  }
  Guard guard;

 private:
  Random chance_;
  std::vector<TenantId> tenants_;
  Clock::Instant now_{std::chrono::hours(1)};
};

double mean_requests_to_act(double rate, int seeds) {
  double sum = 0;
  for (int seed = 1; seed <= seeds; ++seed) {
    Traffic traffic(static_cast<std::uint64_t>(seed));
    do ++sum;
    while (traffic.next(rate, 1) != Verdict::Act::turn_back);
  }
  return sum / seeds;
}

double false_acts_per_million(int seeds, int requests, double treated_share) {
  double acts = 0;
  for (int seed = 1; seed <= seeds; ++seed) {
    Traffic traffic(static_cast<std::uint64_t>(seed) * 104'729);
    for (int i = 0; i < requests; ++i) {
      const auto act = traffic.next(0.02, treated_share);
      if (act == Verdict::Act::nothing || act == Verdict::Act::both_arms) continue;
      ++acts;
      traffic.guard.rearm();
    }
  }
  return acts * 1e6 / (static_cast<double>(seeds) * requests);
}

}  // namespace

int main() {
  constexpr int kSeeds = 1'000;
  std::printf("{\"guard_requests_to_act_at_10_percent\": %.1f, ",
              mean_requests_to_act(0.1, kSeeds));
  std::printf("\"guard_requests_to_act_at_20_percent\": %.1f, ", mean_requests_to_act(0.2, kSeeds));
  std::printf("\"guard_requests_to_act_at_50_percent\": %.1f, ", mean_requests_to_act(0.5, kSeeds));
  std::printf("\"guard_requests_to_act_at_100_percent\": %.1f, ", mean_requests_to_act(1, kSeeds));
  const double whole = false_acts_per_million(200, 1'000'000, 1);
  const double half = false_acts_per_million(50, 1'000'000, 0.5);
  std::printf("\"guard_false_turn_backs_per_million\": %.4f, ", whole);
  std::printf("\"guard_false_turn_backs_per_million_at_half\": %.4f}\n", half);
  return 0;
}

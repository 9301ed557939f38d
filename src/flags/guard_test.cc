// The guard under simulated traffic (F4 to F9, F13). Seeds are printed where a simulation fails;
// the long simulations are in bench/services.

#include "flags/guard.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace cloudfolio::flags {
namespace {

using namespace std::chrono_literals;
using Arm = Guard::Arm;
using Act = Verdict::Act;

// Requests of many tenants, some on each path, each failing with its path's rate.
struct Mix {
  double treated_rate = 0;
  double control_rate = 0;
  double treated_share = 1;
  int tenants = 20;
  std::chrono::milliseconds between{100};
};

struct Simulation {
  explicit Simulation(std::uint64_t seed) : chance(seed) {}

  TenantId tenant(int number) { return TenantId("t" + std::to_string(number)); }
  Verdict one(const Mix& traffic) {
    now += traffic.between;
    const Arm arm = chance.unit() < traffic.treated_share ? Arm::treated : Arm::control;
    treated_count += arm == Arm::treated;
    const double rate = arm == Arm::treated ? traffic.treated_rate : traffic.control_rate;
    const int who = static_cast<int>(chance.below(static_cast<std::uint64_t>(traffic.tenants)));
    return guard.add(arm, tenant(who), chance.unit() < rate ? Outcome::failed : Outcome::worked,
                     now);
  }
  // The first verdict within so many requests.
  Verdict run(const Mix& traffic, int requests) {
    treated_count = 0;
    for (int i = 0; i < requests; ++i) {
      if (Verdict verdict = one(traffic); verdict.act != Act::nothing) return verdict;
    }
    return {};
  }

  Random chance;
  Guard guard;
  Clock::Instant now{1h};
  int treated_count = 0;
};

TEST(GuardTest, it_acts_after_as_many_requests_as_the_test_promises) {
  const std::pair<double, double> means[] = {{0.1, 164}, {0.2, 54}, {0.5, 18}, {1.0, 9}};
  constexpr int kSeeds = 400;
  for (const auto& [rate, expected] : means) {
    double sum = 0;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      Cusum cusum;
      Random chance(seed * 7919);
      for (; !cusum.reached(); ++sum)
        cusum.add(chance.unit() < rate ? Cusum::Outcome::failed : Cusum::Outcome::worked);
    }
    EXPECT_NEAR(sum / kSeeds, expected, expected * 0.2) << "at " << rate;
  }
}

TEST(GuardTest, eight_failures_in_a_row_are_not_enough_and_nine_are) {
  Guard guard;
  for (int i = 0; i < 8; ++i) {
    const TenantId tenant("t" + std::to_string(i));
    ASSERT_EQ(guard.add(Arm::treated, tenant, Outcome::failed, Clock::Instant(1h)).act,
              Act::nothing);
  }
  const Verdict ninth =
      guard.add(Arm::treated, TenantId("t9"), Outcome::failed, Clock::Instant(1h));
  EXPECT_EQ(ninth.act, Act::turn_back);
  EXPECT_EQ(ninth.evidence.failed_count, 9u);
  EXPECT_FALSE(ninth.evidence.compared) << "nothing took the old path: it must say so";
  EXPECT_NE(to_text(ninth.evidence).find("the rate alone decided"), std::string::npos);
}

TEST(GuardTest, it_turns_back_at_half_failing_within_25_requests_on_the_mean) {
  double sum = 0;
  constexpr int kSeeds = 200;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Simulation world(seed);
    const Verdict verdict = world.run({.treated_rate = 0.5}, 1'000);
    ASSERT_EQ(verdict.act, Act::turn_back) << "seed " << seed;
    sum += world.treated_count;
  }
  EXPECT_LE(sum / kSeeds, 25);
}

TEST(GuardTest, at_the_tolerated_rate_it_is_quiet) {
  int turn_backs = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Simulation world(seed);
    for (int i = 0; i < 250'000; ++i) {
      const Act act = world.one({.treated_rate = 0.02, .control_rate = 0.02, .tenants = 50}).act;
      turn_backs += act == Act::turn_back || act == Act::set_apart;
      if (act == Act::turn_back) world.guard.rearm();
    }
  }
  EXPECT_LE(turn_backs, 3) << "a million requests; the mean is at most 1";
}

TEST(GuardTest, one_failure_of_one_request_never_turns_back) {
  Guard guard;
  EXPECT_EQ(guard.add(Arm::treated, TenantId("t"), Outcome::failed, Clock::Instant(1h)).act,
            Act::nothing);
}

TEST(GuardTest, what_fails_on_both_paths_is_one_alarm_and_no_turn_back) {
  for (const double share : {0.1, 0.5, 0.9}) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
      Simulation world(seed);
      // Healthy until both have a past that says so.
      ASSERT_EQ(world.run({.treated_share = share}, 2'000).act, Act::nothing);
      int alarms = 0;
      for (int i = 0; i < 3'000; ++i) {
        const Act act =
            world.one({.treated_rate = 0.3, .control_rate = 0.3, .treated_share = share}).act;
        if (share < 0.9) {
          ASSERT_TRUE(act == Act::nothing || act == Act::both_arms)
              << "seed " << seed << " share " << share << " request " << i;
        }
        alarms += act == Act::both_arms;
        if (act == Act::turn_back) break;
      }
      if (share < 0.9) {
        EXPECT_EQ(alarms, 1) << "seed " << seed << " share " << share;
      }
    }
  }
}

TEST(GuardTest, the_new_path_failing_thrice_as_often_is_turned_back_beside_a_healthy_old_one) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Simulation world(seed);
    ASSERT_EQ(world.run({.treated_share = 0.5}, 1'000).act, Act::nothing);
    const Verdict verdict = world.run({.treated_rate = 0.5, .treated_share = 0.5}, 1'000);
    ASSERT_EQ(verdict.act, Act::turn_back) << "seed " << seed;
    EXPECT_TRUE(verdict.evidence.compared);
    EXPECT_EQ(verdict.evidence.control_failed_count, 0u);
  }
}

// Were the arms swapped anywhere, a failing old path would turn the flag back.
TEST(GuardTest, a_failing_old_path_never_turns_the_new_one_back) {
  Simulation world(11);
  EXPECT_EQ(world.run({.treated_rate = 0, .control_rate = 1, .treated_share = 0.5}, 20'000).act,
            Act::nothing);
}

TEST(GuardTest, one_tenant_with_bad_data_is_set_apart_and_the_flag_stays) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Simulation world(seed);
    ASSERT_EQ(world.run({}, 200).act, Act::nothing);
    int set_apart = 0;
    for (int i = 0; i < 20'000; ++i) {
      world.now += 50ms;
      const auto who = static_cast<int>(world.chance.below(20));
      if (who == 0 && set_apart > 0) continue;    // On the old path now.
      const double rate = who == 0 ? 1 : 0.0025;  // 95 % of all failures are one tenant's.
      const Verdict verdict = world.guard.add(
          Arm::treated, world.tenant(who),
          world.chance.unit() < rate ? Outcome::failed : Outcome::worked, world.now);
      ASSERT_NE(verdict.act, Act::turn_back) << "seed " << seed << " request " << i;
      if (verdict.act != Act::set_apart) continue;
      ++set_apart;
      EXPECT_EQ(verdict.tenant, world.tenant(0));
    }
    EXPECT_EQ(set_apart, 1) << "seed " << seed;
  }
}

TEST(GuardTest, failures_of_three_tenants_turn_the_flag_back) {
  Simulation world(3);
  ASSERT_EQ(world.run({}, 200).act, Act::nothing);
  Act last = Act::nothing;
  for (int i = 0; i < 60 && last != Act::turn_back; ++i) {
    world.now += 200ms;
    last = world.guard.add(Arm::treated, world.tenant(i % 3), Outcome::failed, world.now).act;
  }
  EXPECT_EQ(last, Act::turn_back);
}

TEST(GuardTest, with_fewer_than_three_tenants_there_is_no_cap) {
  Simulation world(5);
  EXPECT_EQ(world.run({.treated_rate = 1, .tenants = 1}, 9).act, Act::turn_back);
  Simulation two(5);
  EXPECT_EQ(two.run({.treated_rate = 1, .tenants = 2}, 9).act, Act::turn_back);
}

TEST(GuardTest, without_outcomes_it_says_no_data_and_does_nothing) {
  Guard guard;
  EXPECT_EQ(guard.state(Clock::Instant(1h)), Guard::State::no_data);
  for (int i = 0; i < 1'000; ++i) {
    const Outcome outcome = i % 2 == 0 ? Outcome::unknown : Outcome::not_counted;
    ASSERT_EQ(guard.add(Arm::treated, TenantId("t"), outcome, Clock::Instant(1h)).act,
              Act::nothing);
  }
  EXPECT_EQ(guard.state(Clock::Instant(1h)), Guard::State::no_data);
  EXPECT_EQ(guard.sum(), 0);
  EXPECT_EQ(guard.not_counted_count(), 1'000u);
  (void)guard.add(Arm::treated, TenantId("t"), Outcome::worked, Clock::Instant(1h));
  EXPECT_EQ(guard.state(Clock::Instant(1h)), Guard::State::watching);
  EXPECT_EQ(guard.state(Clock::Instant(2h)), Guard::State::no_data);
}

TEST(GuardTest, it_is_latched_through_ten_thousand_ticks_of_chaos) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Simulation world(seed);
    int turn_backs = 0;
    for (int i = 0; i < 10'000; ++i) {
      const Mix traffic{.treated_rate = world.chance.unit(),
                        .control_rate = world.chance.unit(),
                        .treated_share = world.chance.unit(),
                        .tenants = 1 + static_cast<int>(world.chance.below(30)),
                        .between = std::chrono::milliseconds(world.chance.below(5'000))};
      turn_backs += world.one(traffic).act == Act::turn_back;
    }
    EXPECT_LE(turn_backs, 1) << "seed " << seed;
    world.guard.rearm();
    EXPECT_EQ(world.run({.treated_rate = 1}, 100).act, Act::turn_back) << "re-armed, it acts again";
  }
}

TEST(GuardTest, it_acts_at_every_share_of_the_rollout) {
  for (const double share : {0.01, 0.1, 0.5, 0.99, 1.0}) {
    Simulation world(7);
    EXPECT_EQ(world.run({.treated_rate = 0.8, .treated_share = share}, 10'000).act, Act::turn_back)
        << share;
  }
}

TEST(GuardTest, what_the_caller_caused_is_no_failure_of_the_path) {
  for (const Code code :
       {Code::invalid_argument, Code::unauthenticated, Code::permission_denied, Code::not_found,
        Code::conflict, Code::quota_exceeded, Code::rate_limited, Code::cancelled})
    EXPECT_EQ(outcome_of(code), Outcome::not_counted) << to_string(code);
  for (const Code code :
       {Code::unavailable, Code::deadline_exceeded, Code::corrupt, Code::internal}) {
    EXPECT_EQ(outcome_of(code), Outcome::failed) << to_string(code);
    EXPECT_EQ(outcome_of(code, Traffic::shadow), Outcome::not_counted) << to_string(code);
  }
  EXPECT_EQ(outcome_of(Result<int>(1)), Outcome::worked);
  EXPECT_EQ(outcome_of(Result<int>(1), Traffic::shadow), Outcome::not_counted);
}

TEST(GuardTest, the_tenants_that_it_watches_are_bounded) {
  Guard guard;
  for (int i = 0; i < 30'000; ++i) {
    (void)guard.add(Arm::treated, TenantId("t" + std::to_string(i)), Outcome::worked,
                    Clock::Instant(1h));
  }
  EXPECT_LE(guard.watched_tenants_count(), kWatchedTenantsMax);
}

TEST(GuardTest, a_tenant_that_a_person_let_back_in_is_watched_again) {
  Simulation world(9);
  ASSERT_EQ(world.run({}, 200).act, Act::nothing);
  const auto fail_one = [&world] {
    for (int i = 0; i < 40; ++i) {
      world.now += 1s;
      (void)world.guard.add(Arm::treated, world.tenant(1 + i % 9), Outcome::worked, world.now);
      if (world.guard.add(Arm::treated, world.tenant(0), Outcome::failed, world.now).act ==
          Act::set_apart)
        return true;
    }
    return false;
  };
  ASSERT_TRUE(fail_one());
  EXPECT_FALSE(fail_one()) << "once";
  world.guard.keep_apart({{world.tenant(0), false}});
  EXPECT_FALSE(fail_one()) << "still apart";
  world.guard.keep_apart({});
  EXPECT_TRUE(fail_one());
}

}  // namespace
}  // namespace cloudfolio::flags

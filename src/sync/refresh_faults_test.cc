// Refreshes that are disturbed: killed at every step, with a store or a GitHub that fails at any
// call, limited, raced. In the end the bundle is the one of an undisturbed refresh, or the old one
// is untouched.

#include <gtest/gtest.h>

#include <random>

#include "storage/testing/failing.h"
#include "sync/testing/refresh_runner.h"

namespace cloudfolio::sync {
namespace {

using storage::Fault;
using storage::Faults;
using testing::Disturbance;
using testing::FakeGitHub;
using testing::RefreshRunner;
using testing::repository;

const Context kCtx;

// A portfolio, and then a week of work on it.
void fill(FakeGitHub& github, int count = 6) {
  for (int i = 1; i <= count; ++i)
    github.add(repository(i, "r" + std::to_string(i), i % 3 ? "# R" + std::to_string(i) : ""));
}
void change(FakeGitHub& github) {
  github.push(1, "# pushed");
  github.repositories[2].repository.name = "renamed";
  github.repositories.erase(3);
  github.add(repository(20, "new", "# New"));
}

// One store and GitHub, from nothing.
struct World {
  World() { github.clock = &clock; }
  ManualClock clock;
  std::unique_ptr<storage::Storage> store = storage::open_memory(clock);
  storage::BlobStore& blobs = **store->blobs(cache::kContainer);
  FakeGitHub github;
};

std::string data_of(storage::BlobStore& blobs, ManualClock& clock) {
  telemetry::MetricRegistry metrics;
  const auto json =
      cache::Cache(blobs, clock, metrics).open(TenantId("octocat")).read_publication_json(kCtx);
  return json ? json->data : std::string(to_string(json.error().code()));
}

// The data of an undisturbed pair of refreshes.
std::string expected() {
  World world;
  RefreshRunner runner(world.blobs, world.github, world.clock);
  fill(world.github);
  EXPECT_TRUE(runner.run().ok());
  change(world.github);
  EXPECT_TRUE(runner.run().ok());
  return data_of(world.blobs, world.clock);
}

TEST(DisturbedRefresh, killed_or_failing_at_any_activity_it_ends_with_the_same_bundle) {
  const std::string undisturbed = expected();
  for (const auto kind :
       {Disturbance::Kind::fails, Disturbance::Kind::answer_lost, Disturbance::Kind::fails_late})
    for (int activity = 1;; ++activity) {
      World world;
      RefreshRunner runner(world.blobs, world.github, world.clock);
      fill(world.github);
      ASSERT_TRUE(runner.run().ok());
      change(world.github);
      const auto report = runner.run(Force::no, {activity, kind});
      ASSERT_TRUE(report.ok()) << activity << ": " << report.error().message();
      EXPECT_EQ(data_of(world.blobs, world.clock), undisturbed) << "activity " << activity;
      EXPECT_EQ(report->seen, report->mirrored + report->skipped_count);
      if (activity >= runner.activities_count) break;
    }
}

TEST(DisturbedRefresh, with_a_store_that_fails_at_any_call_it_never_publishes_a_mixture) {
  const std::string undisturbed = expected();
  for (const Fault::When when : {Fault::When::before, Fault::When::after})
    for (const Fault::Then then : {Fault::Then::works, Fault::Then::fails})
      for (std::uint64_t call = 1;; ++call) {
        World world;
        fill(world.github);
        ASSERT_TRUE(RefreshRunner(world.blobs, world.github, world.clock).run().ok());
        const std::string before = data_of(world.blobs, world.clock);
        change(world.github);
        Faults faults({.call = call, .when = when, .then = then});
        storage::FailingBlobStore failing(world.blobs, faults);
        const auto report = RefreshRunner(failing, world.github, world.clock).run();
        const std::string after = data_of(world.blobs, world.clock);
        EXPECT_TRUE(after == before || after == undisturbed) << "call " << call;
        if (then == Fault::Then::works) {
          EXPECT_TRUE(report.ok()) << report.error().message() << " call " << call;
        }
        ASSERT_TRUE(RefreshRunner(world.blobs, world.github, world.clock).run().ok());
        EXPECT_EQ(data_of(world.blobs, world.clock), undisturbed) << "call " << call;
        if (!faults.happened()) break;
      }
}

TEST(DisturbedRefresh, with_a_github_that_fails_at_any_call_the_next_one_makes_it_good) {
  const std::string undisturbed = expected();
  for (int call = 1; call <= 4; ++call) {
    World world;
    fill(world.github);
    RefreshRunner runner(world.blobs, world.github, world.clock);
    ASSERT_TRUE(runner.run().ok());
    change(world.github);
    world.github.failing_call = call;
    ASSERT_TRUE(runner.run().ok()) << "one retry is enough";
    EXPECT_EQ(data_of(world.blobs, world.clock), undisturbed);
  }
}

TEST(DisturbedRefresh, a_limit_in_the_middle_publishes_what_is_known_and_goes_on_when_it_ends) {
  World world;
  fill(world.github, 60);
  RefreshRunner runner(world.blobs, world.github, world.clock);
  world.github.calls_before_limit = 2;  // The probe and one batch of three.
  world.github.limit_ends = world.clock.wall_time() + std::chrono::minutes(40);
  const auto report = runner.run();
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report->mirrored, 60u);
  EXPECT_TRUE(report->skipped.empty());
  EXPECT_GE(report->seconds, 40 * 60);
  EXPECT_EQ(report->generation, 2u);
  EXPECT_EQ(report->fetched, 35u);
  bool waited = false;
  for (const std::string& status : runner.statuses)
    waited = waited || (status.find(R"("phase":"waiting")") != std::string::npos &&
                        status.find(R"("resumes_at":"2026-01-01T00:40:00Z")") != std::string::npos);
  EXPECT_TRUE(waited);
}

TEST(DisturbedRefresh, a_limit_from_the_start_is_waited_for_and_reads_are_unaffected) {
  World world;
  fill(world.github);
  RefreshRunner runner(world.blobs, world.github, world.clock);
  ASSERT_TRUE(runner.run().ok());
  const std::string before = data_of(world.blobs, world.clock);
  change(world.github);
  world.github.calls_before_limit = 0;
  world.github.limit_ends = world.clock.wall_time() + std::chrono::minutes(10);
  world.github.forget_calls();
  const auto report = runner.run();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(world.github.calls.size(), 3u);  // Once refused, once probed, one batch.
  EXPECT_NE(data_of(world.blobs, world.clock), before);
}

// Publishes between another refresh's steps, as a second process would.
class Rival final : public Source {
 public:
  Rival(FakeGitHub& github, std::function<void()> meanwhile)
      : github_(github), meanwhile_(std::move(meanwhile)) {}
  Credential credential() const override { return github_.credential(); }
  Result<github::Probe> probe(const Context& ctx, const std::string& login,
                              github::ProbeOptions options) override {
    return github_.probe(ctx, login, std::move(options));
  }
  Result<github::Listing> list(const Context& ctx, const std::string& login,
                               github::Visibility visibility) override {
    return github_.list(ctx, login, visibility);
  }
  Result<github::DetailsAnswer> fetch(const Context& ctx,
                                      std::span<const github::RepositoryRef> refs) override {
    if (auto meanwhile = std::exchange(meanwhile_, {})) meanwhile();
    return github_.fetch(ctx, refs);
  }
  std::optional<Clock::WallTime> resumes_at() const override { return github_.resumes_at(); }

 private:
  FakeGitHub& github_;
  std::function<void()> meanwhile_;
};

TEST(DisturbedRefresh, two_at_once_end_in_one_winner_and_the_loser_begins_again) {
  World world;
  fill(world.github);
  RefreshRunner winner(world.blobs, world.github, world.clock);
  ASSERT_TRUE(winner.run().ok());
  change(world.github);
  Rival source(world.github, [&] { ASSERT_TRUE(winner.run().ok()); });
  RefreshRunner loser(world.blobs, source, world.clock);
  const auto report = loser.run();
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report->generation, 3u);  // The winner's: both had reserved a number.
  EXPECT_FALSE(report->changed);
  EXPECT_EQ(data_of(world.blobs, world.clock), expected());
}

TEST(DisturbedRefresh, the_old_app_writing_in_between_is_adopted_and_mended) {
  World world;
  fill(world.github);
  RefreshRunner runner(world.blobs, world.github, world.clock);
  ASSERT_TRUE(runner.run().ok());
  change(world.github);
  ASSERT_TRUE(
      world.blobs
          .put(
              kCtx, storage::BlobKey("repos_bundle_context_octocat"),
              R"({"data":[{"name":"r1","metadata":{"id":1,"name":"r1"}}],"cached_at":"2025-10-07T11:00:00"})",
              {})
          .ok());
  const auto report = runner.run();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->generation, 2u);
  EXPECT_EQ(data_of(world.blobs, world.clock), expected());
}

TEST(DisturbedRefresh, a_damaged_bundle_or_memory_is_healed) {
  for (const char* key :
       {"repos_bundle_context_octocat", "sync_state_octocat", "gen/octocat/latest"}) {
    World world;
    fill(world.github);
    RefreshRunner runner(world.blobs, world.github, world.clock);
    ASSERT_TRUE(runner.run().ok());
    storage::PutOptions same;
    same.metadata = world.blobs.head(kCtx, storage::BlobKey(key))->metadata;
    ASSERT_TRUE(world.blobs.put(kCtx, storage::BlobKey(key), "{\"data\":[{", same).ok());
    change(world.github);
    const auto report = runner.run(Force::yes);
    ASSERT_TRUE(report.ok()) << key << ": " << report.error().message();
    EXPECT_EQ(data_of(world.blobs, world.clock), expected()) << key;
  }
}

TEST(DisturbedRefresh, forced_while_one_runs_it_runs_once_more) {
  World world;
  fill(world.github);
  RefreshRunner runner(world.blobs, world.github, world.clock);
  ASSERT_TRUE(runner.run().ok());
  world.github.forget_calls();
  runner.events = {kForceEvent};
  const auto report = runner.run();
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->forced);
  EXPECT_EQ(world.github.calls, (std::vector<std::string>{"probe 304", "probe", "fetch 6"}));
}

// A month of random days: pushes, renames, deletions, repositories made again, outages. Whenever
// GitHub is well at last, the bundle is what a cold mirror of it would be.
TEST(DisturbedRefresh, after_any_history_the_bundle_is_that_of_a_cold_mirror) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto below = [&](std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
  };
  World world;
  fill(world.github, 8);
  RefreshRunner runner(world.blobs, world.github, world.clock);
  std::int64_t next_id = 100;
  for (int day = 0; day < 40; ++day) {
    world.github.answers.clear();
    for (std::size_t i = below(4); i > 0 && !world.github.repositories.empty(); --i) {
      auto chosen = std::next(world.github.repositories.begin(),
                              static_cast<std::ptrdiff_t>(below(world.github.repositories.size())));
      const std::int64_t id = chosen->first;
      switch (below(6)) {
        case 0:
          world.github.push(id, "# day " + std::to_string(day));
          break;
        case 1:
          chosen->second.repository.name += "x";
          break;
        case 2: {  // Made again under its old name.
          const std::string name = chosen->second.repository.name;
          world.github.repositories.erase(chosen);
          world.github.add(repository(++next_id, name, "# again"));
          break;
        }
        case 3:
          ++next_id;
          world.github.add(repository(next_id, "new-" + std::to_string(next_id), "# new"));
          break;
        case 4:
          world.github.answers[id].outcome = github::Unknown{Error(Code::unavailable, "502")};
          world.github.push(id, "# unseen " + std::to_string(day));
          break;
        default:
          world.github.failing_call = static_cast<int>(below(3)) + 1;
      }
    }
    const auto report = runner.run(below(10) == 0 ? Force::yes : Force::no,
                                   {static_cast<int>(below(8)), Disturbance::Kind::answer_lost});
    if (report) {
      EXPECT_EQ(report->seen, report->mirrored + report->skipped_count);
      EXPECT_EQ(report->seen, world.github.repositories.size());
    }
  }
  world.github.answers.clear();
  world.github.failing_call = 0;
  ASSERT_TRUE(runner.run().ok());
  World cold;
  cold.github.repositories = world.github.repositories;
  ASSERT_TRUE(RefreshRunner(cold.blobs, cold.github, cold.clock).run().ok());
  EXPECT_EQ(data_of(world.blobs, world.clock), data_of(cold.blobs, cold.clock));
}

}  // namespace
}  // namespace cloudfolio::sync

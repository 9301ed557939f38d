// Starting refreshes on the real scheduler.

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "cache/cache.h"
#include "durable/embedded/testing/scheduler_fixture.h"
#include "storage/storage.h"
#include "sync/refresh.h"
#include "sync/report.h"
#include "sync/steps.h"
#include "sync/testing/fake_github.h"

namespace cloudfolio::sync {
namespace {

using Outcome = StartedRefresh::Outcome;
const TenantId kOctocat("octocat");

// Holds every probe until it is let go.
class HeldGitHub final : public Source {
 public:
  testing::FakeGitHub github;

  void hold() { set(true); }
  void let_go() { set(false); }
  void wait_until_asked() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return asked_; });
    asked_ = false;
  }
  Result<github::Probe> probe(const Context& ctx, const std::string& login,
                              github::ProbeOptions options) override {
    std::unique_lock lock(mutex_);
    asked_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !held_; });
    return github.probe(ctx, login, std::move(options));
  }
  Credential credential() const override { return github.credential(); }
  Result<github::Listing> list(const Context& ctx, const std::string& login,
                               github::Visibility visibility) override {
    return github.list(ctx, login, visibility);
  }
  Result<github::DetailsAnswer> fetch(const Context& ctx,
                                      std::span<const github::RepositoryRef> refs) override {
    return github.fetch(ctx, refs);
  }
  std::optional<Clock::WallTime> resumes_at() const override { return {}; }

 private:
  void set(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  bool asked_ = false;
};

class StartRefreshTest : public durable::testing::SchedulerTest {
 protected:
  StartRefreshTest() {
    for (int i = 1; i <= 3; ++i)
      source.github.add(testing::repository(i, "r" + std::to_string(i), "# R"));
    options.compares_live_and_cold = true;
    register_refresh(registry, steps);
    registry.activity(kStartActivity,
                      [](const Context&, const durable::ActivityInfo&, std::string) {
                        return Result<std::string>(std::string("{}"));
                      });
    open();
  }
  ~StartRefreshTest() override {
    source.let_go();
    close();
  }
  Outcome start_it(Force force) {
    const auto started = start_refresh(ctx, *scheduler, kOctocat, force);
    EXPECT_TRUE(started.ok()) << started.error().message();
    EXPECT_EQ(started->instance, InstanceId("refresh:octocat"));
    return started->outcome;
  }
  Report finished() {
    const auto state =
        scheduler->wait(within(std::chrono::seconds(30)), refresh_instance(kOctocat));
    EXPECT_TRUE(state.ok()) << state.error().message();
    const auto report = report_from_json(state ? state->output : "");
    EXPECT_TRUE(report.ok()) << (state ? state->output : "");
    return report ? *report : Report();
  }

  std::unique_ptr<storage::Storage> store = storage::open_memory(clock);
  telemetry::MetricRegistry counted;
  HeldGitHub source;
  cache::Cache cache{**store->blobs(cache::kContainer), clock, counted};
  RefreshSteps steps{{cache, source, clock, log, counted, {}}};
};

TEST_F(StartRefreshTest, a_refresh_runs_to_its_report_on_the_scheduler) {
  EXPECT_EQ(start_it(Force::no), Outcome::started);
  const Report report = finished();
  EXPECT_EQ(report.mirrored, 3u);
  EXPECT_EQ(start_it(Force::no), Outcome::started);
  EXPECT_FALSE(finished().changed);
}

TEST_F(StartRefreshTest, two_starts_are_one_run) {
  source.hold();
  EXPECT_EQ(start_it(Force::no), Outcome::started);
  source.wait_until_asked();
  EXPECT_EQ(start_it(Force::no), Outcome::joined);
  source.let_go();
  finished();
  EXPECT_EQ(source.github.calls, (std::vector<std::string>{"probe", "fetch 3"}));
}

TEST_F(StartRefreshTest, forced_during_an_unforced_run_it_runs_once_more_under_the_same_id) {
  start_it(Force::no);
  finished();
  source.github.forget_calls();
  source.hold();
  EXPECT_EQ(start_it(Force::no), Outcome::started);
  source.wait_until_asked();
  EXPECT_EQ(start_it(Force::yes), Outcome::successor_queued);
  source.let_go();
  EXPECT_TRUE(finished().forced);
  EXPECT_EQ(source.github.calls, (std::vector<std::string>{"probe 304", "probe", "fetch 3"}));
}

TEST_F(StartRefreshTest, forced_during_a_forced_run_joins_it) {
  source.hold();
  EXPECT_EQ(start_it(Force::yes), Outcome::started);
  source.wait_until_asked();
  EXPECT_EQ(start_it(Force::yes), Outcome::joined);
  source.let_go();
  EXPECT_TRUE(finished().forced);
}

TEST_F(StartRefreshTest, made_again_after_a_break_it_finds_what_it_started) {
  source.hold();
  const auto first_made_at = clock.wall_time();
  const StartRequest first{"mark", std::nullopt}, again{"mark", first_made_at};
  const auto start_as = [&](Force force, const StartRequest& request) {
    const auto started = start_refresh(ctx, *scheduler, kOctocat, force, request);
    EXPECT_TRUE(started.ok()) << started.error().message();
    return started->outcome;
  };
  EXPECT_EQ(start_as(Force::no, first), Outcome::started);
  source.wait_until_asked();
  EXPECT_EQ(start_as(Force::no, again), Outcome::joined);
  EXPECT_EQ(start_as(Force::yes, first), Outcome::successor_queued);
  EXPECT_EQ(start_as(Force::yes, again), Outcome::joined);
  source.let_go();
  EXPECT_TRUE(finished().forced);
  // It has ended, and is found all the same; a request of its own starts.
  EXPECT_EQ(start_as(Force::no, again), Outcome::joined);
  EXPECT_EQ(start_as(Force::yes, again), Outcome::joined);
  EXPECT_EQ(source.github.calls,
            (std::vector<std::string>{"probe", "fetch 3", "probe", "fetch 3"}));
  EXPECT_EQ(start_as(Force::no, {"other", clock.wall_time() + std::chrono::hours(1)}),
            Outcome::started);
  finished();
}

TEST_F(StartRefreshTest, progress_says_phase_and_count_while_it_runs) {
  source.hold();
  start_it(Force::no);
  source.wait_until_asked();
  const auto state = scheduler->get(ctx, refresh_instance(kOctocat));
  ASSERT_TRUE(state.ok() && state->has_value());
  EXPECT_EQ((*state)->custom_status, R"({"phase":"detecting","done":0,"total":0})");
  source.let_go();
  finished();
}

}  // namespace
}  // namespace cloudfolio::sync

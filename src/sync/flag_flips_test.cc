// ENABLE_GRAPHQL_BATCH_FETCH turned while refreshes run: every run ends, none is done twice, and
// each keeps the value that it began with.

#include <gtest/gtest.h>

#include <functional>
#include <mutex>

#include "durable/embedded/testing/scheduler_fixture.h"
#include "flags/definition.h"
#include "flags/flags.h"
#include "flags/rows.h"
#include "storage/storage.h"
#include "sync/refresh.h"
#include "sync/report.h"
#include "sync/steps.h"
#include "sync/testing/fake_github.h"

namespace cloudfolio::sync {
namespace {

// One of GitHub's two ways in; both see the same repositories.
class OneWay final : public Source {
 public:
  struct World {
    std::mutex mutex;
    testing::FakeGitHub github;
    int probes = 0;
  };
  explicit OneWay(World& world) : world_(world) {}
  int fetches = 0;  // Under the world's mutex.
  std::function<void()> on_list;

  Result<github::Probe> probe(const Context& ctx, const std::string& login,
                              github::ProbeOptions options) override {
    const std::lock_guard lock(world_.mutex);
    ++world_.probes;
    return world_.github.probe(ctx, login, std::move(options));
  }
  Credential credential() const override {
    const std::lock_guard lock(world_.mutex);
    return world_.github.credential();
  }
  Result<github::Listing> list(const Context& ctx, const std::string& login,
                               github::Visibility visibility) override {
    if (on_list) on_list();
    const std::lock_guard lock(world_.mutex);
    return world_.github.list(ctx, login, visibility);
  }
  Result<github::DetailsAnswer> fetch(const Context& ctx,
                                      std::span<const github::RepositoryRef> refs) override {
    const std::lock_guard lock(world_.mutex);
    ++fetches;
    return world_.github.fetch(ctx, refs);
  }
  std::optional<Clock::WallTime> resumes_at() const override { return {}; }

 private:
  World& world_;
};

class FlagFlips : public durable::testing::SchedulerTest {
 protected:
  FlagFlips() {
    for (int i = 1; i <= 3; ++i)
      world.github.add(testing::repository(i, "r" + std::to_string(i), "# R"));
    register_refresh(registry, steps);
    registry.activity(kStartActivity,
                      [](const Context&, const durable::ActivityInfo&,
                         std::string) -> Result<std::string> { return std::string("{}"); });
    open();
  }
  ~FlagFlips() override { close(); }

  void set(bool on) {
    ASSERT_TRUE(store.set({}, flags::kGraphqlBatchFetch, flags::Share(on ? flags::kEverybody : 0),
                          {"test", "flip"}));
    ASSERT_TRUE(reader.refresh({}));
  }
  void start_it(const TenantId& tenant) {
    const auto started = start_refresh(ctx, *scheduler, tenant, Force::no);
    ASSERT_TRUE(started) << started.error().message();
  }
  void expect_done(const TenantId& tenant) {
    const auto state = scheduler->wait(within(std::chrono::seconds(60)), refresh_instance(tenant));
    ASSERT_TRUE(state) << state.error().message();
    EXPECT_EQ(state->status, durable::OrchestrationStatus::completed) << tenant;
    const auto report = report_from_json(state->output);
    ASSERT_TRUE(report) << state->output;
    EXPECT_EQ(report->generation, 1u) << tenant;
    EXPECT_EQ(report->mirrored, 3u) << tenant;
  }

  std::unique_ptr<storage::Storage> memory = storage::open_memory(clock);
  telemetry::MetricRegistry counted;
  flags::FlagStore store{**memory->table(flags::kFlagsTable), clock};
  flags::Flags reader{{}, {store, clock, log, counted}};
  OneWay::World world;
  OneWay batches{world}, one_by_one{world};
  cache::Cache cache{**memory->blobs(cache::kContainer), clock, counted};
  RefreshSteps steps{{.cache = cache,
                      .source = batches,
                      .clock = clock,
                      .log = log,
                      .metrics = counted,
                      .flags = &reader,
                      .one_by_one = &one_by_one}};
};

TEST_F(FlagFlips, fifty_flips_under_load_end_every_run_and_run_none_twice) {
  constexpr int kRuns = 100;
  constexpr int kFlips = 50;
  for (int i = 0; i < kRuns; ++i) {
    start_it(TenantId("tenant-" + std::to_string(i)));
    if (i % (kRuns / kFlips) == 0) set(i / 2 % 2 == 1);
  }
  for (int i = 0; i < kRuns; ++i) expect_done(TenantId("tenant-" + std::to_string(i)));
  const std::lock_guard lock(world.mutex);
  EXPECT_EQ(world.probes, kRuns);
  EXPECT_EQ(batches.fetches + one_by_one.fetches, kRuns);
  EXPECT_GT(batches.fetches, 0);
  EXPECT_GT(one_by_one.fetches, 0);
  EXPECT_EQ(store.history({}, "")->size(), std::size_t{kFlips});
}

TEST_F(FlagFlips, a_refresh_ends_on_the_path_on_which_it_began) {
  world.github.page_size = 2;  // So that it lists before it fetches.
  batches.on_list = [this] { set(false); };
  const TenantId early("early"), late("late");
  start_it(early);
  expect_done(early);
  EXPECT_EQ(batches.fetches, 1);
  EXPECT_EQ(one_by_one.fetches, 0);
  start_it(late);
  expect_done(late);
  EXPECT_EQ(batches.fetches, 1);
  EXPECT_EQ(one_by_one.fetches, 1);
}

}  // namespace
}  // namespace cloudfolio::sync

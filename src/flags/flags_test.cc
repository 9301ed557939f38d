// The reader that a process holds: effect, versions, attribution, failures (F10, F12).

#include "flags/flags.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "flags/definition.h"
#include "flags/rows.h"
#include "storage/storage.h"
#include "storage/testing/failing.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cloudfolio::flags {
namespace {

using namespace std::chrono_literals;
const Author kAda{"ada", "because"};
const TenantId kOne("one");

// A table that can be cut off.
class CutTable final : public storage::Table {
 public:
  explicit CutTable(storage::Table& real) : real_(real) {}
  std::atomic<bool> cut{false};

  Result<storage::Entity> get(const Context& ctx, const storage::EntityKey& key) override {
    if (cut) return gone();
    return real_.get(ctx, key);
  }
  Result<storage::TablePage> query(const Context& ctx, const storage::TableQuery& query) override {
    if (cut) return gone();
    return real_.query(ctx, query);
  }
  Result<storage::ETag> insert(const Context&, const storage::Entity&) override { return gone(); }
  Result<storage::ETag> upsert(const Context&, const storage::Entity&, storage::Write) override {
    return gone();
  }
  Result<storage::ETag> update(const Context&, const storage::Entity&, storage::Write,
                               const storage::UpdateIf&) override {
    return gone();
  }
  Status remove(const Context&, const storage::EntityKey&, const storage::UpdateIf&) override {
    return gone();
  }
  Result<storage::BatchOutcome> batch(const Context& ctx,
                                      const std::vector<storage::TableAction>& actions) override {
    if (cut) return gone();
    return real_.batch(ctx, actions);
  }

 private:
  static Error gone() { return Error(Code::unavailable, "cut off"); }
  storage::Table& real_;
};

class FlagsTest : public ::testing::Test {
 protected:
  // One process: its own log and metrics over the shared table.
  struct Process {
    explicit Process(FlagsTest& world)
        : log(sink, world.clock),
          flags({{kGraphqlBatchFetch, {true, "test"}}}, {world.store, world.clock, log, metrics}) {}
    telemetry::MemoryLogSink sink;
    telemetry::Log log;
    telemetry::MetricRegistry metrics;
    Flags flags;
  };
  // Outcomes of many tenants, all alike.
  void work(Process& process, int count, Outcome outcome, const char* flag = kGraphqlBatchFetch) {
    for (int i = 0; i < count; ++i) {
      const TenantId tenant("t" + std::to_string(i % 20));
      process.flags.record(process.flags.decide(flag, tenant), tenant, outcome);
      clock.advance(1s);
    }
  }

  ManualClock clock;
  std::unique_ptr<storage::Storage> storage = storage::open_memory(clock);
  CutTable table{**storage->table(kFlagsTable)};
  FlagStore store{table, clock};
};

TEST_F(FlagsTest, before_the_first_read_the_defaults_hold) {
  Process process(*this);
  EXPECT_TRUE(process.flags.is_on(kGraphqlBatchFetch, kOne));
  EXPECT_TRUE(process.flags.is_on(kAsyncModelTraining, kOne)) << "the definition's";
  EXPECT_FALSE(process.flags.is_on(kQuotaEnforcement, kOne));
  EXPECT_FALSE(process.flags.view().age);
}

TEST_F(FlagsTest,
       a_change_holds_after_the_next_refresh_in_every_process_and_each_says_its_version) {
  Process a(*this), b(*this);
  ASSERT_TRUE(store.set({}, kGraphqlBatchFetch, Share(0), kAda));
  ASSERT_TRUE(a.flags.refresh({}));
  EXPECT_FALSE(a.flags.is_on(kGraphqlBatchFetch, kOne));
  EXPECT_EQ(a.flags.view().version, 1u);
  EXPECT_TRUE(b.flags.is_on(kGraphqlBatchFetch, kOne));
  EXPECT_EQ(b.flags.view().version, 0u);
  ASSERT_TRUE(b.flags.refresh({}));
  EXPECT_FALSE(b.flags.is_on(kGraphqlBatchFetch, kOne));
  EXPECT_NE(b.metrics.to_prometheus().find("cloudfolio_flags_version_count 1"), std::string::npos);
}

TEST_F(FlagsTest, while_the_table_is_away_the_last_values_hold_and_their_age_shows) {
  Process process(*this);
  ASSERT_TRUE(store.set({}, kGraphqlBatchFetch, Share(0), kAda));
  ASSERT_TRUE(process.flags.refresh({}));
  table.cut = true;
  clock.advance(24h);
  EXPECT_FALSE(process.flags.refresh({}));
  EXPECT_FALSE(process.flags.is_on(kGraphqlBatchFetch, kOne)) << "it keeps the last";
  EXPECT_EQ(process.flags.view().age, std::chrono::seconds(24h));
  EXPECT_NE(process.metrics.to_prometheus().find("cloudfolio_flags_age_seconds 86400"),
            std::string::npos);
  table.cut = false;
  ASSERT_TRUE(process.flags.refresh({}));
  EXPECT_EQ(process.flags.view().age, 0s);
}

TEST_F(FlagsTest, a_flag_that_may_not_be_static_falls_to_its_default_after_the_longest_age) {
  Process process(*this);
  ASSERT_TRUE(store.set({}, kQuotaEnforcement, Share(kEverybody), kAda));
  ASSERT_TRUE(process.flags.refresh({}));
  ASSERT_EQ(get_definition(kQuotaEnforcement).value_or(nullptr)->when_stale,
            WhenStale::take_the_default);
  table.cut = true;
  clock.advance(15min);
  EXPECT_TRUE(process.flags.is_on(kQuotaEnforcement, kOne));
  clock.advance(1s);
  const Decision decision = process.flags.decide(kQuotaEnforcement, kOne);
  EXPECT_FALSE(decision.value);
  EXPECT_EQ(decision.why, Decision::Why::stale);
}

TEST_F(FlagsTest, failures_turn_the_flag_back_everywhere_with_audit_evidence_and_alert) {
  Process a(*this), b(*this);
  ASSERT_TRUE(a.flags.refresh({}));
  work(a, 9, Outcome::failed);
  EXPECT_FALSE(a.flags.is_on(kGraphqlBatchFetch, kOne)) << "here at once";
  EXPECT_TRUE(b.flags.is_on(kGraphqlBatchFetch, kOne));
  ASSERT_TRUE(a.flags.refresh({}));
  ASSERT_TRUE(b.flags.refresh({}));
  const Decision decision = b.flags.decide(kGraphqlBatchFetch, kOne);
  EXPECT_FALSE(decision.value);
  EXPECT_EQ(decision.why, Decision::Why::turned_back);
  for (Process* process : {&a, &b}) {
    EXPECT_NE(process->metrics.to_prometheus().find(
                  R"(cloudfolio_flags_turned_back{flag="ENABLE_GRAPHQL_BATCH_FETCH"} 1)"),
              std::string::npos);
    EXPECT_EQ(process->flags.view().flags[1].guard, Guard::State::latched);
  }
  EXPECT_EQ(a.sink.lines_of("flag.turned_back").size(), 1u);
  const auto history = store.history({}, kGraphqlBatchFetch);
  ASSERT_TRUE(history);
  ASSERT_EQ(history->size(), 1u);
  EXPECT_EQ(history->front().actor, kGuardActor);
  EXPECT_NE(history->front().evidence.find(R"("failed":9)"), std::string::npos);
  EXPECT_NE(history->front().reason.find("9 of 9 failed"), std::string::npos);
}

TEST_F(FlagsTest, a_turn_back_that_cannot_be_written_holds_here_and_is_written_later) {
  Process process(*this);
  ASSERT_TRUE(process.flags.refresh({}));
  table.cut = true;
  work(process, 9, Outcome::failed);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(process.flags.refresh({}));
    EXPECT_FALSE(process.flags.is_on(kGraphqlBatchFetch, kOne));
  }
  table.cut = false;
  ASSERT_TRUE(process.flags.refresh({}));
  EXPECT_FALSE(process.flags.is_on(kGraphqlBatchFetch, kOne));
  EXPECT_EQ(store.history({}, "")->size(), 1u);
}

TEST_F(FlagsTest, an_outcome_is_charged_to_the_value_that_its_work_began_with) {
  Process process(*this);
  ASSERT_TRUE(process.flags.refresh({}));
  std::vector<std::pair<TenantId, Decision>> in_flight;
  for (int i = 0; i < 9; ++i) {
    const TenantId tenant("t" + std::to_string(i));
    in_flight.emplace_back(tenant, process.flags.decide(kGraphqlBatchFetch, tenant));
  }
  ASSERT_TRUE(store.set({}, kGraphqlBatchFetch, Share(1), kAda));
  ASSERT_TRUE(process.flags.refresh({}));
  // Most take the old path now; what began on the new one fails on the new one's account.
  for (const auto& [tenant, decision] : in_flight)
    process.flags.record(decision, tenant, Outcome::failed);
  EXPECT_NE(process.metrics.to_prometheus().find(
                R"({flag="ENABLE_GRAPHQL_BATCH_FETCH",arm="on",outcome="failed"} 9)"),
            std::string::npos);
  EXPECT_FALSE(process.flags.view().flags[1].setting.armed);
}

TEST_F(FlagsTest, failures_of_the_old_path_do_not_turn_the_new_one_back) {
  Process process(*this);
  ASSERT_TRUE(store.set({}, kGraphqlBatchFetch, Share(0), kAda));
  ASSERT_TRUE(process.flags.refresh({}));
  work(process, 500, Outcome::failed);
  ASSERT_TRUE(process.flags.refresh({}));
  EXPECT_TRUE(process.flags.view().flags[1].setting.armed);
  EXPECT_EQ(store.read({})->version, 1u);
}

TEST_F(FlagsTest, what_began_before_the_re_arming_is_not_counted_after_it) {
  Process process(*this);
  ASSERT_TRUE(process.flags.refresh({}));
  const Decision before = process.flags.decide(kGraphqlBatchFetch, kOne);
  work(process, 9, Outcome::failed);
  ASSERT_TRUE(process.flags.refresh({}));
  ASSERT_TRUE(store.rearm({}, kGraphqlBatchFetch, kAda));
  ASSERT_TRUE(store.set({}, kGraphqlBatchFetch, Share(kEverybody), kAda));
  ASSERT_TRUE(process.flags.refresh({}));
  ASSERT_TRUE(process.flags.is_on(kGraphqlBatchFetch, kOne));
  for (int i = 0; i < 50; ++i)
    process.flags.record(before, TenantId("t" + std::to_string(i)), Outcome::failed);
  EXPECT_TRUE(process.flags.is_on(kGraphqlBatchFetch, kOne));
  work(process, 9, Outcome::failed);
  EXPECT_FALSE(process.flags.is_on(kGraphqlBatchFetch, kOne)) << "re-armed, it acts again";
}

TEST_F(FlagsTest, one_tenants_bad_data_sets_that_tenant_apart) {
  Process process(*this);
  ASSERT_TRUE(process.flags.refresh({}));
  work(process, 20, Outcome::worked);
  for (int i = 0; i < 12; ++i)
    process.flags.record(process.flags.decide(kGraphqlBatchFetch, kOne), kOne, Outcome::failed);
  ASSERT_TRUE(process.flags.refresh({}));
  EXPECT_FALSE(process.flags.is_on(kGraphqlBatchFetch, kOne));
  EXPECT_TRUE(process.flags.is_on(kGraphqlBatchFetch, TenantId("t1")));
  const auto history = store.history({}, "");
  ASSERT_EQ(history->size(), 1u);
  EXPECT_EQ(history->front().action, "set_apart");
  EXPECT_EQ(history->front().tenant, "one");
}

TEST_F(FlagsTest, deciding_and_recording_go_on_while_flags_change) {
  Process process(*this);
  std::atomic<bool> stop{false};
  std::vector<std::thread> workers;
  std::atomic<int> done{0};
  for (int w = 0; w < 3; ++w) {
    workers.emplace_back([&, w] {
      for (int i = 0; !stop; ++i) {
        const TenantId tenant("t" + std::to_string(w * 100 + i % 50));
        const Decision decision = process.flags.decide(kGraphqlBatchFetch, tenant);
        process.flags.record(decision, tenant, Outcome::worked);
        ++done;
      }
    });
  }
  for (std::uint64_t i = 1; i <= 50; ++i) {
    ASSERT_TRUE(store.set({}, kGraphqlBatchFetch, Share(i % 2 == 0 ? 0 : kEverybody), kAda));
    ASSERT_TRUE(process.flags.refresh({}));
    EXPECT_EQ(process.flags.view().version, i);
  }
  while (done < 1'000) std::this_thread::yield();
  stop = true;
  for (std::thread& worker : workers) worker.join();
  EXPECT_TRUE(process.flags.view().flags[1].setting.armed);
}

}  // namespace
}  // namespace cloudfolio::flags

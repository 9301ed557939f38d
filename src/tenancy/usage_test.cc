// What is counted: once, exactly, whatever fails, and whatever happens at the same time.

#include "tenancy/usage_ledger.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/random.h"
#include "storage/storage.h"
#include "storage/testing/failing.h"
#include "tenancy/usage_sum.h"

namespace cloudfolio::tenancy {
namespace {

const Context kCtx;
const TenantId kAda("ada");
const TenantId kBob("bob");

class UsageTest : public ::testing::Test {
 protected:
  ManualClock clock;
  std::unique_ptr<storage::Storage> store = storage::open_memory(clock);
  storage::Table& table = **store->table(kUsageTable);
  UsageLedger ledger{table, clock};

  std::int64_t used(const TenantId& tenant, Meter meter) {
    const auto use = ledger.used(kCtx, tenant, meter);
    EXPECT_TRUE(use.ok()) << use.error().message();
    return use ? use->used : -1;
  }
  std::string problems(const TenantId& tenant, std::vector<UsageLedger::Entry> entries = {}) {
    const auto found = ledger.verify(kCtx, tenant, entries);
    if (!found) return found.error().message();
    std::string text;
    for (const UsageProblem& one : *found)
      text += one.what + " " + std::to_string(one.expected) + "/" + std::to_string(one.found) + ";";
    return text;
  }
};

TEST_F(UsageTest, an_operation_counts_once_however_often_it_is_retried) {
  EXPECT_EQ(*ledger.count(kCtx, kAda, Meter::github_calls, "fetch:1:0", 4), Counted::now);
  for (int again = 0; again < 3; ++again) {
    clock.advance(std::chrono::hours(5));  // Also in another part of the window.
    EXPECT_EQ(*ledger.count(kCtx, kAda, Meter::github_calls, "fetch:1:0", 4), Counted::before);
  }
  EXPECT_EQ(ledger.used(kCtx, kAda, Meter::github_calls)->total, 4);
  EXPECT_EQ(problems(kAda), "");
}

TEST_F(UsageTest, an_operation_counts_once_whichever_call_fails_and_however) {
  using When = storage::Fault::When;
  for (const When when : {When::before, When::after}) {
    for (std::uint64_t call = 1;; ++call) {
      storage::Faults faults({.call = call, .when = when});
      storage::FailingTable failing(table, faults);
      UsageLedger shaken(failing, clock);
      const TenantId tenant("t" + std::to_string(call) + (when == When::before ? "b" : "a"));
      const auto first = shaken.count(kCtx, tenant, Meter::orchestrations, "refresh:1");
      EXPECT_EQ(first.ok(), !faults.happened());
      EXPECT_TRUE(ledger.count(kCtx, tenant, Meter::orchestrations, "refresh:1"));
      EXPECT_EQ(used(tenant, Meter::orchestrations), 1);
      EXPECT_EQ(problems(tenant), "");
      if (!faults.happened()) break;
    }
  }
}

TEST_F(UsageTest, many_at_once_are_all_counted) {
  constexpr int kThreads = 8;
  constexpr int kEach = 40;
  std::vector<std::thread> threads;
  for (int one = 0; one < kThreads; ++one)
    threads.emplace_back([&, one] {
      for (int i = 0; i < kEach; ++i) {
        // Each operation by two threads.
        const std::string operation = std::to_string(one / 2) + "-" + std::to_string(i);
        while (!ledger.count(kCtx, kAda, Meter::github_calls, operation, 3)) {
        }
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(used(kAda, Meter::github_calls), 3 * kEach * kThreads / 2);
  EXPECT_EQ(problems(kAda), "");
}

TEST_F(UsageTest, what_was_used_frees_when_its_part_of_the_window_is_over) {
  ASSERT_TRUE(ledger.count(kCtx, kAda, Meter::orchestrations, "one"));
  clock.advance(std::chrono::hours(23));
  ASSERT_TRUE(ledger.count(kCtx, kAda, Meter::orchestrations, "two"));
  EXPECT_EQ(used(kAda, Meter::orchestrations), 2);
  const auto use = ledger.used(kCtx, kAda, Meter::orchestrations);
  const auto fits_at = use->fits_at(1, 2);
  ASSERT_TRUE(fits_at);
  clock.advance(*fits_at - clock.wall_time() - std::chrono::microseconds(1));
  EXPECT_EQ(used(kAda, Meter::orchestrations), 2);
  clock.advance(std::chrono::microseconds(1));
  EXPECT_EQ(used(kAda, Meter::orchestrations), 1);
  clock.advance(std::chrono::hours(48));
  EXPECT_EQ(used(kAda, Meter::orchestrations), 0);
  EXPECT_EQ(ledger.used(kCtx, kAda, Meter::orchestrations)->total, 2);
}

TEST_F(UsageTest, a_clock_that_was_far_ahead_holds_nobody_back_once_it_is_set_right) {
  ASSERT_TRUE(ledger.count(kCtx, kAda, Meter::orchestrations, "before"));
  clock.advance(std::chrono::hours(24 * 365));
  for (const char* one : {"one", "two", "three"})
    ASSERT_TRUE(ledger.count(kCtx, kAda, Meter::orchestrations, one));
  EXPECT_EQ(used(kAda, Meter::orchestrations), 3);
  clock.advance(-std::chrono::hours(24 * 365));
  EXPECT_LE(used(kAda, Meter::orchestrations), 1);
  ASSERT_TRUE(ledger.count(kCtx, kAda, Meter::orchestrations, "after"));
  EXPECT_GE(used(kAda, Meter::orchestrations), 1);
  EXPECT_EQ(ledger.used(kCtx, kAda, Meter::orchestrations)->total, 5);
  EXPECT_EQ(problems(kAda), "");
  // A machine whose clock is some hours ahead is believed.
  clock.advance(std::chrono::hours(5));
  ASSERT_TRUE(ledger.count(kCtx, kAda, Meter::orchestrations, "ahead"));
  clock.advance(-std::chrono::hours(5));
  EXPECT_GE(used(kAda, Meter::orchestrations), 2);
}

TEST_F(UsageTest, an_entry_counts_its_present_bytes_in_its_class) {
  ASSERT_TRUE(ledger.entry_written(kCtx, kAda, "bundle", StorageClass::content, 100));
  ASSERT_TRUE(ledger.entry_written(kCtx, kAda, "bundle", StorageClass::content, 70));
  ASSERT_TRUE(ledger.entry_written(kCtx, kAda, "model", StorageClass::model, 5000));
  ASSERT_TRUE(ledger.entry_written(kCtx, kBob, "bundle", StorageClass::content, 9));
  EXPECT_EQ(used(kAda, Meter::storage_bytes), 70);
  EXPECT_EQ(ledger.used(kCtx, kAda, Meter::storage_bytes)->total, 5070);
  ASSERT_TRUE(ledger.entry_removed(kCtx, kAda, "model"));
  EXPECT_EQ(ledger.stored(kCtx, kAda)->at(StorageClass::model), 0);
  EXPECT_EQ(problems(kAda, {{"bundle", StorageClass::content, 70}}), "");
}

TEST_F(UsageTest, a_recount_says_what_the_store_has) {
  ASSERT_TRUE(ledger.entry_written(kCtx, kAda, "never-put", StorageClass::content, 100));
  ASSERT_TRUE(ledger.entry_written(kCtx, kAda, "smaller", StorageClass::content, 100));
  const std::vector<UsageLedger::Entry> entries{{"smaller", StorageClass::content, 60},
                                                {"uncounted", StorageClass::working, 7}};
  EXPECT_NE(problems(kAda, entries), "");
  EXPECT_EQ(*ledger.recount(kCtx, kAda, entries), 3u);
  EXPECT_EQ(*ledger.recount(kCtx, kAda, entries), 0u);
  EXPECT_EQ(problems(kAda, entries), "");
  EXPECT_EQ(used(kAda, Meter::storage_bytes), 60);
}

TEST_F(UsageTest, totals_are_the_sum_of_the_events_also_after_old_ones_were_folded) {
  Random random(20'261'122);
  std::int64_t expected = 0;
  for (int day = 0; day < 60; ++day) {
    for (int i = 0; i < 4; ++i) {
      const auto amount = static_cast<std::int64_t>(random.below(9));
      expected += amount;
      ASSERT_TRUE(ledger.count(kCtx, kAda, Meter::github_calls,
                               std::to_string(day) + "/" + std::to_string(i), amount));
    }
    clock.advance(std::chrono::hours(24));
    ASSERT_TRUE(ledger.prune(kCtx, kAda));
  }
  EXPECT_EQ(ledger.used(kCtx, kAda, Meter::github_calls)->total, expected);
  EXPECT_EQ(problems(kAda), "");
  std::size_t rows = 0;
  const auto page = table.query(kCtx, {.partition = "ada"});
  rows = page->entities.size();
  EXPECT_LE(rows, 36u * 4 + 2);
}

TEST_F(UsageTest, verify_names_a_total_that_somebody_changed) {
  ASSERT_TRUE(ledger.count(kCtx, kAda, Meter::trainings, "train:1"));
  auto row = *table.get(kCtx, {"ada", "s-trainings"});
  row.values["total"] = std::int64_t{7};
  ASSERT_TRUE(table.upsert(kCtx, row, storage::Write::replace));
  EXPECT_EQ(problems(kAda), "trainings.total 1/7;");
}

TEST_F(UsageTest, a_move_takes_everything_along_and_an_erasure_leaves_nothing) {
  ASSERT_TRUE(ledger.count(kCtx, kAda, Meter::trainings, "train:1"));
  ASSERT_TRUE(ledger.entry_written(kCtx, kAda, "bundle", StorageClass::content, 5));
  ASSERT_TRUE(ledger.move(kCtx, kAda, kBob));
  EXPECT_EQ(used(kAda, Meter::trainings), 0);
  EXPECT_EQ(used(kBob, Meter::trainings), 1);
  EXPECT_EQ(*ledger.count(kCtx, kBob, Meter::trainings, "train:1"), Counted::before);
  EXPECT_EQ(*ledger.erase(kCtx, kBob), 3u);
  EXPECT_TRUE(ledger.tenants(kCtx)->empty());
}

TEST_F(UsageTest, hostile_names_do_not_meet) {
  const std::vector<std::string> names{"a", "a_b", "a_5Fb", "a%b", "a/b", "a-b", "~", "é", "a b"};
  for (std::size_t i = 0; i < names.size(); ++i)
    ASSERT_TRUE(ledger.count(kCtx, TenantId(names[i]), Meter::trainings, "o",
                             static_cast<std::int64_t>(i) + 1));
  for (std::size_t i = 0; i < names.size(); ++i)
    EXPECT_EQ(used(TenantId(names[i]), Meter::trainings), static_cast<std::int64_t>(i) + 1)
        << names[i];
  EXPECT_EQ(ledger.tenants(kCtx)->size(), names.size());
}

}  // namespace
}  // namespace cloudfolio::tenancy

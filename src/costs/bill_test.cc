// The ledger beside a bill that counts each started second or minute on the day on which it began.

#include <gtest/gtest.h>

#include <map>

#include "base/random.h"
#include "base/time_text.h"
#include "costs/ledger.h"
#include "storage/storage.h"

namespace cloudfolio::costs {
namespace {

using std::chrono::milliseconds;

// Dearer from the fourth day on.
std::string prices(int step_ms) {
  const std::string step = ",\"step_ms\":" + std::to_string(step_ms);
  return R"({"format":1,"version":"v1","currency":"USD","prices":[
  {"unit":"cpu_second","region":"*","valid_from":"2025-01-01","picos":11250000)" +
         step + R"(},
  {"unit":"cpu_second","region":"*","valid_from":"2026-01-04","picos":22500000)" +
         step + R"(},
  {"unit":"gib_second","region":"*","valid_from":"2025-01-01","picos":1250000},
  {"unit":"request","region":"*","valid_from":"2025-01-01","picos":400000},
  {"unit":"storage_write","region":"*","valid_from":"2025-01-01","picos":6500000},
  {"unit":"storage_read","region":"*","valid_from":"2025-01-01","picos":500000}]})";
}

class BillTest : public testing::TestWithParam<int> {
 protected:
  // Two processors and 4 GiB.
  static std::int64_t picos_a_second(Clock::WallTime at) {
    return 2 * (at < *time_from("2026-01-04T00:00:00Z") ? 11'250'000 : 22'500'000) + 4 * 1'250'000;
  }
  static std::string day_of(Clock::WallTime at) { return to_text(at).substr(0, 10); }

  void run(const std::string& key, Clock::WallTime from, milliseconds took) {
    const std::int64_t paid = *table_.paid_ms("westeurope", from, took.count());
    ASSERT_TRUE(ledger_
                    .record(Context(), {.tenant = TenantId("ada"),
                                        .kind = "work",
                                        .key = key,
                                        .region = "westeurope",
                                        .from = from,
                                        .to = from + milliseconds(paid),
                                        .cpu_ms = paid * 2,
                                        .gib_ms = paid * 4})
                    .ok());
    // The bill has whole steps, each by its first moment; the ledger divides those at midnight.
    for (auto day = std::chrono::floor<std::chrono::days>(from) + std::chrono::days(1);
         day < from + milliseconds(paid); day += std::chrono::days(1)) {
      ++divided_[day_of(day)];
      ++divided_[day_of(day - std::chrono::days(1))];
    }
    std::map<Clock::WallTime, std::int64_t> steps;  // By midnight.
    for (milliseconds at{0}; at < took; at += milliseconds(GetParam()))
      ++steps[std::chrono::floor<std::chrono::days>(from + at)];
    for (const auto& [midnight, count] : steps)
      bill_[day_of(midnight)] += static_cast<long double>(picos_a_second(midnight)) *
                                 static_cast<long double>(count * GetParam()) / 1'000;
  }

  ManualClock clock_;
  std::unique_ptr<storage::Storage> storage_ = storage::open_memory(clock_);
  PriceTable table_ = *PriceTable::parse(prices(GetParam()));
  Ledger ledger_{**storage_->table(kCostsTable), table_};
  std::map<std::string, long double> bill_;  // Picos by day.
  std::map<std::string, int> divided_;       // Steps that are partly another day's.
};

TEST_P(BillTest, agrees_with_the_ledger_day_by_day) {
  Random random(11);
  const Clock::WallTime begin = *time_from("2026-01-01T00:00:00Z");
  // A week of short runs, of ordinary ones and of some that take half a day.
  for (int i = 0; i < 420; ++i) {
    const auto from = begin + milliseconds(random.below(7L * 86'400'000));
    const std::uint64_t longest = i % 20 == 0 ? 43'200'000 : i % 2 == 0 ? 4'800 : 1'500'000;
    run("group-" + std::to_string(i), from, milliseconds(200 + random.below(longest)));
  }
  const auto sum = *ledger_.sum(Context(), TenantId("ada"), begin);
  ASSERT_GE(sum.lines.size(), 7u);
  ASSERT_EQ(sum.lines.size(), bill_.size());
  double whole = 0;
  std::int64_t micros = 0;
  std::int64_t runs = 0;
  for (const CostLine& line : sum.lines) {
    const auto billed = static_cast<double>(bill_.at(line.day) / 1'000'000);
    const double step = 50e6 * GetParam() / 1e9;  // Of money, at most.
    EXPECT_NEAR(static_cast<double>(line.micros), billed,
                billed * 0.001 + step * divided_[line.day])
        << line.day;
    whole += billed;
    micros += line.micros;
    runs += line.count;
  }
  EXPECT_NEAR(static_cast<double>(micros) / whole, 1, 0.001);
  EXPECT_EQ(micros, sum.micros);
  EXPECT_EQ(runs, 420);
}

TEST_P(BillTest, has_a_run_over_midnight_on_both_days_without_remainder_at_each_days_price) {
  const Clock::WallTime from = *time_from("2026-01-03T23:59:50Z");
  RunLine line;
  line.tenant = TenantId("ada");
  line.kind = "training";
  line.key = "one";
  line.from = from;
  line.to = from + std::chrono::seconds(30);
  line.cpu_ms = 100'001;
  line.gib_ms = 7;
  line.queue_ms = 5'000;
  ASSERT_TRUE(ledger_.record(Context(), line).ok());
  ASSERT_TRUE(ledger_.record(Context(), line).ok());  // Told twice.
  const auto sum = *ledger_.sum(Context(), TenantId("ada"), from);
  ASSERT_EQ(sum.lines.size(), 2u);
  const CostLine& first = sum.lines[0];
  const CostLine& second = sum.lines[1];
  EXPECT_EQ(first.day, "2026-01-03");
  EXPECT_EQ(second.day, "2026-01-04");
  EXPECT_EQ(first.count + second.count, 1);
  EXPECT_EQ(first.wall_ms, 10'000);
  EXPECT_EQ(second.wall_ms, 20'000);
  EXPECT_EQ(first.cpu_ms, 33'333);
  EXPECT_EQ(second.cpu_ms, 66'668);
  EXPECT_EQ(first.gib_ms + second.gib_ms, 7);
  EXPECT_EQ(first.queue_ms, 5'000);
  EXPECT_EQ(second.queue_ms, 0);
  EXPECT_EQ(first.micros, 375);
  EXPECT_EQ(second.micros, 1'500);
  EXPECT_EQ(*ledger_.price_of(line), sum.micros);
}

INSTANTIATE_TEST_SUITE_P(in_started, BillTest, testing::Values(1'000, 60'000),
                         [](const auto& step) {
                           return step.param == 1'000 ? "seconds" : "minutes";
                         });

}  // namespace
}  // namespace cloudfolio::costs

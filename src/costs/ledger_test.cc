#include "costs/ledger.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/time_text.h"
#include "costs/tenant_lines.h"
#include "storage/storage.h"

namespace cloudfolio::costs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kPrices = R"({"format":1,"version":"v1","currency":"USD","prices":[
  {"unit":"cpu_second","region":"*","valid_from":"2025-01-01","picos":11250000},
  {"unit":"cpu_second","region":"*","valid_from":"2026-02-01","picos":22500000},
  {"unit":"gib_second","region":"*","valid_from":"2025-01-01","picos":1250000},
  {"unit":"request","region":"*","valid_from":"2025-01-01","picos":400000},
  {"unit":"storage_write","region":"*","valid_from":"2025-01-01","picos":6500000},
  {"unit":"storage_read","region":"*","valid_from":"2025-01-01","picos":500000}]})";

class LedgerTest : public testing::Test {
 protected:
  LedgerTest() : storage_(storage::open_memory(clock_)), table_(**storage_->table(kCostsTable)) {}
  RunLine run(const std::string& tenant, const std::string& key, milliseconds took) {
    const auto from = clock_.wall_time();
    return {.tenant = TenantId(tenant),
            .kind = "work",
            .key = key,
            .from = from,
            .to = from + took,
            .cpu_ms = took.count() * 2,
            .gib_ms = took.count() * 4};
  }
  ManualClock clock_;
  std::unique_ptr<storage::Storage> storage_;
  storage::Table& table_;
  PriceTable prices_ = *PriceTable::parse(kPrices);
  Ledger ledger_{table_, prices_};
};

TEST_F(LedgerTest, a_thousand_short_runs_are_within_a_thousandth_of_the_bill) {
  Random random(3);
  long double exact_picos = 0;
  const auto since = clock_.wall_time();
  for (int i = 0; i < 1'000; ++i) {
    const milliseconds took(200 + static_cast<std::int64_t>(random.below(4'801)));
    ASSERT_TRUE(ledger_.record(Context(), run("ada", "g-" + std::to_string(i), took)).ok());
    exact_picos +=
        static_cast<long double>(took.count()) / 1'000 * (2 * 11'250'000 + 4 * 1'250'000);
    clock_.advance(took);
  }
  const auto sum = ledger_.sum(Context(), TenantId("ada"), since);
  ASSERT_TRUE(sum.ok());
  const long double bill = exact_picos / 1'000'000;
  EXPECT_LE(std::abs(static_cast<double>((static_cast<long double>(sum->micros) - bill) / bill)),
            0.001);
}

TEST_F(LedgerTest, an_interval_that_is_told_twice_is_there_once) {
  const RunLine line = run("ada", "group-17|work|3", seconds(7));
  ASSERT_TRUE(ledger_.record(Context(), line).ok());
  ASSERT_TRUE(ledger_.record(Context(), line).ok());
  const auto sum = *ledger_.sum(Context(), std::nullopt, line.from);
  ASSERT_EQ(sum.lines.size(), 1u);
  EXPECT_EQ(sum.lines[0].count, 1);
  EXPECT_EQ(sum.lines[0].wall_ms, 7'000);
}

TEST_F(LedgerTest, lines_of_tenants_days_and_kinds_add_up_to_the_total) {
  Random random(5);
  for (int i = 0; i < 200; ++i) {
    RunLine line = run("tenant" + std::to_string(random.below(7)), std::to_string(i),
                       milliseconds(random.below(90'000)));
    line.kind = random.below(2) == 0 ? "work" : "idle";
    ASSERT_TRUE(ledger_.record(Context(), line).ok());
    clock_.advance(std::chrono::minutes(15));
  }
  const auto since = clock_.wall_time() - std::chrono::hours(400);
  const auto all = *ledger_.sum(Context(), std::nullopt, since);
  std::int64_t lines = 0;
  for (const CostLine& line : all.lines) lines += line.micros;
  EXPECT_EQ(lines, all.micros);
  std::int64_t tenants = 0;
  for (int i = 0; i < 7; ++i)
    tenants += ledger_.sum(Context(), TenantId("tenant" + std::to_string(i)), since)->micros;
  EXPECT_EQ(tenants, all.micros);
}

TEST_F(LedgerTest, a_price_holds_from_its_day_and_changes_nothing_before_it) {
  const auto january = *time_from("2026-01-31T23:58:00Z");
  RunLine line = run("ada", "one", seconds(100));
  line.from = january;
  line.to = january + seconds(100);
  ASSERT_TRUE(ledger_.record(Context(), line).ok());
  const auto before = *ledger_.sum(Context(), TenantId("ada"), january);
  EXPECT_EQ(before.micros, 2'250 + 500);
  line.key = "two";
  line.from = *time_from("2026-02-01T00:00:00Z");
  line.to = line.from + seconds(100);
  ASSERT_TRUE(ledger_.record(Context(), line).ok());
  const auto after = *ledger_.sum(Context(), TenantId("ada"), january);
  EXPECT_EQ(after.lines[0].micros, before.lines[0].micros);
  EXPECT_EQ(after.lines[1].micros, 4'500 + 500);
  // Another table, as after a restart with new prices: what was recorded stays.
  const PriceTable dearer = PriceTable::built_in();
  EXPECT_EQ(Ledger(table_, dearer).sum(Context(), TenantId("ada"), january)->micros, after.micros);
}

TEST_F(LedgerTest, requests_of_several_processes_add_up_and_give_the_cost_of_a_thousand) {
  const std::string day = "2026-01-01";
  const RequestCount one{TenantId("ada"), "read", day, "gateway-1", 700};
  ASSERT_TRUE(ledger_.record_requests(Context(), one).ok());
  ASSERT_TRUE(
      ledger_.record_requests(Context(), {TenantId("ada"), "read", day, "gateway-2", 300}).ok());
  ASSERT_TRUE(ledger_.record_requests(Context(), one).ok());  // Told again.
  const auto sum = *ledger_.sum(Context(), TenantId("ada"), clock_.wall_time());
  EXPECT_EQ(sum.requests, 1'000);
  EXPECT_EQ(sum.micros, 400);
  EXPECT_EQ(micros_per_1000_requests(sum), 400);
  EXPECT_EQ(money_text(1'234'567), "1.234567");
}

TEST_F(LedgerTest, lines_of_a_tenant_that_goes_stay_in_the_sum_without_its_name) {
  const auto since = clock_.wall_time();
  const std::string today = to_text(since).substr(0, 10);
  for (const char* tenant : {"ada", "bob", ""}) {
    ASSERT_TRUE(ledger_.record(Context(), run(tenant, "g-1", milliseconds(700))).ok());
    ASSERT_TRUE(
        ledger_.record_requests(Context(), {TenantId(tenant), "read", today, "w", 1'000}).ok());
  }
  const auto before = ledger_.sum(Context(), std::nullopt, since);
  for (int twice = 0; twice < 2; ++twice) {
    ASSERT_TRUE(release_lines_of(Context(), table_, TenantId("ada")).ok());
  }
  const auto after = ledger_.sum(Context(), std::nullopt, since);
  ASSERT_TRUE(before.ok() && after.ok());
  EXPECT_EQ(after->micros, before->micros);
  EXPECT_EQ(after->requests, before->requests);
  EXPECT_EQ(*count_lines_of(Context(), table_, TenantId("ada")), 0U);
  EXPECT_EQ(*count_lines_of(Context(), table_, TenantId("bob")), 2U);
  for (const CostLine& line : after->lines) EXPECT_NE(line.tenant, "ada");
}

TEST_F(LedgerTest, a_group_that_nobody_made_is_shown_and_not_dropped) {
  ASSERT_TRUE(ledger_.record_unattributed(Context(), "unknown-9", clock_.wall_time()).ok());
  ASSERT_TRUE(ledger_.record_unattributed(Context(), "unknown-9", clock_.wall_time()).ok());
  EXPECT_EQ(ledger_.sum(Context(), std::nullopt, clock_.wall_time())->unattributed, 1);
}

TEST_F(LedgerTest, a_run_in_a_hole_of_the_price_table_is_an_error_and_no_line) {
  RunLine line = run("ada", "one", seconds(1));
  line.from = *time_from("2024-12-31T23:00:00Z");
  const Status refused = ledger_.record(Context(), line);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Code::invalid_argument);
  EXPECT_NE(refused.error().message().find("hole"), std::string::npos);
  EXPECT_TRUE(ledger_.sum(Context(), std::nullopt, line.from)->lines.empty());
}

TEST(PriceTable, refuses_what_is_no_table_and_says_where) {
  const std::string good(kPrices);
  const auto error_of = [&good](const std::string& what, const std::string& by) {
    std::string text = good;
    text.replace(text.find(what), what.size(), by);
    const auto parsed = PriceTable::parse(text);
    return parsed ? std::string() : parsed.error().message();
  };
  EXPECT_EQ(error_of("\"format\":1", "\"format\":1"), "");
  EXPECT_NE(error_of("\"format\":1", "\"format\":2").find("format 2"), std::string::npos);
  EXPECT_NE(error_of("storage_read", "storage_seed").find("prices[5]"), std::string::npos);
  EXPECT_NE(error_of("\"request\",\"region\":\"*\"", "\"request\",\"region\":\"x\"").find("hole"),
            std::string::npos);
  EXPECT_NE(error_of("2026-02-01", "2024-02-01").find("order"), std::string::npos);
  EXPECT_NE(error_of("\"picos\":400000", "\"picos\":-1").find("negative"), std::string::npos);
  EXPECT_NE(error_of("\"picos\":400000", "\"picos\":0.4").find("picos"), std::string::npos);
  EXPECT_EQ(error_of("\"picos\":400000", "\"picos\":400000,\"step_ms\":60000"), "");
  EXPECT_NE(error_of("\"picos\":400000", "\"picos\":400000,\"step_ms\":0").find("step_ms"),
            std::string::npos);
  EXPECT_FALSE(PriceTable::parse("").ok());
  EXPECT_GT(*PriceTable::built_in().price(Unit::cpu_second, "westeurope",
                                          *time_from("2026-01-01T00:00:00Z")),
            0);
}

}  // namespace
}  // namespace cloudfolio::costs

// What workers cost, from a simulated platform into the ledger: nothing twice, nothing lost.

#include "roles/ledger_usage.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/time_text.h"
#include "capacity/testing/scenarios.h"
#include "capacity/testing/simulation.h"
#include "costs/cost_rows.h"

namespace cloudfolio::roles {
namespace {

using namespace capacity::simulated;
using capacity::UsageSink;

#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kKills = 40;
constexpr std::size_t kCycles = 30;
#else
constexpr std::uint64_t kKills = 500;
constexpr std::size_t kCycles = 120;  // A day and a half.
#endif

// A ledger at each of whose writes the process may be killed.
class KillableUsage final : public UsageSink {
 public:
  KillableUsage(Simulation& world, storage::Table& table)
      : table_(world.killable(table)), ledger_(*table_, costs::PriceTable::built_in()) {}
  Status record(const Context& ctx, const capacity::WorkerUsage& usage) override {
    return LedgerUsage(ledger_).record(ctx, usage);
  }
  Status record_unknown(const Context& ctx, const std::string& name, Clock::WallTime now) override {
    return LedgerUsage(ledger_).record_unknown(ctx, name, now);
  }

 private:
  std::unique_ptr<storage::Table> table_;
  costs::Ledger ledger_;
};

// Milliseconds of all lines, each of which stands there once, with the day it was for.
std::int64_t told_ms(storage::Table& table) {
  std::int64_t ms = 0;
  storage::TableQuery query;
  do {
    const auto page = table.query(Context(), query);
    for (const storage::Entity& entity : page->entities) {
      const auto line = costs::cost_line_from(entity);
      EXPECT_TRUE(line.ok()) << entity.key.row;
      if (!line) continue;
      EXPECT_TRUE(entity.key.row.starts_with(line->day + "|" + line->kind)) << entity.key.row;
      ms += line->wall_ms;
    }
    query.continuation = page->continuation;
  } while (!query.continuation.empty());
  return ms;
}

TEST(LedgerUsage, a_kill_at_every_step_leaves_each_paid_second_in_one_line) {
  ManualClock clock;
  std::size_t steps = 0;
  double billed = 0;
  double told = 0;
  for (std::uint64_t seed = 0; seed <= kKills; ++seed) {
    const std::size_t step = seed == 0 ? 0 : 1 + seed % steps;
    SCOPED_TRACE("seed " + std::to_string(seed) + ", killed at operation " + std::to_string(step));
    auto store = storage::open_memory(clock);
    storage::Table& table = **store->table(costs::kCostsTable);
    const KillOutcome one = killed_at(seed, step, [&table](Simulation& world) {
      return std::make_unique<KillableUsage>(world, table);
    });
    if (seed == 0) steps = one.operations;
    ASSERT_EQ(one.orphans, 0u);
    double its = 0;
    for (const BilledGroup& group : one.bill) its += std::ceil(group.seconds);
    billed += its;
    told += static_cast<double>(told_ms(table)) / 1'000;
  }
  EXPECT_NEAR(told / billed, 1, 0.01) << told << " s told of " << billed;
}

TEST(LedgerUsage, each_day_is_the_bills_day) {
  ManualClock clock;
  auto store = storage::open_memory(clock);
  const costs::PriceTable& prices = costs::PriceTable::built_in();
  costs::Ledger ledger(**store->table(costs::kCostsTable), prices);
  const ChaosOutcome outcome = cycles_under_faults(7, kCycles);
  LedgerUsage usage(ledger);
  for (const capacity::WorkerUsage& one : outcome.usages)
    ASSERT_TRUE(usage.record(Context(), one).ok());
  using Day = std::chrono::sys_days;
  std::map<Day, long double> bill;
  for (const BilledGroup& group : outcome.bill) {
    const auto cpu = *prices.price(costs::Unit::cpu_second, "westeurope", group.from);
    const auto gib = *prices.price(costs::Unit::gib_second, "westeurope", group.from);
    for (int second = 0; second < group.seconds; ++second)
      bill[std::chrono::floor<std::chrono::days>(group.from + std::chrono::seconds(second))] +=
          static_cast<long double>(cpu * group.cpu_count + gib * group.memory_gib) / 1'000'000;
  }
  std::map<std::string, std::int64_t> told;
  const auto sum = *ledger.sum(Context(), std::nullopt, Clock::WallTime{});
  for (const costs::CostLine& line : sum.lines) told[line.day] += line.micros;
  ASSERT_GE(bill.size(), kCycles > 100 ? 2u : 1u);
  long double whole = 0;
  for (const auto& [midnight, micros] : bill) {
    const std::string day = to_text(midnight).substr(0, 10);
    whole += micros;
    EXPECT_NEAR(static_cast<double>(static_cast<long double>(told[day]) / micros), 1, 0.002) << day;
  }
  EXPECT_NEAR(static_cast<double>(static_cast<long double>(sum.micros) / whole), 1, 0.001);
}

}  // namespace
}  // namespace cloudfolio::roles

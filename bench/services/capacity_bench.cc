// Seeded worlds by simulated time: 10,000 interleavings around the idle deadline, 1,000 cycles with
// 20 % of Resource Manager's answers going wrong, idle workers after 660 s, and the ledger beside
// the simulated bill. Prints one JSON object. A share of it: capacity_bench SEEDS CYCLES.

#include <cstdio>
#include <cstdlib>

#include "capacity/testing/scenarios.h"
#include "capacity/testing/simulation.h"
#include "costs/ledger.h"
#include "roles/ledger_usage.h"

namespace {

using namespace cloudfolio;
using namespace cloudfolio::capacity::simulated;

struct Money {
  double fraction = 1;
  double billed_seconds = 0;
};

// What the ledger says in micros, beside what the simulated bill says, exactly.
Money compare_with_bill(const ChaosOutcome& outcome) {
  ManualClock clock;
  auto store = storage::open_memory(clock);
  const costs::PriceTable& prices = costs::PriceTable::built_in();
  costs::Ledger ledger(**store->table(costs::kCostsTable), prices);
  roles::LedgerUsage usage(ledger);
  for (const capacity::WorkerUsage& one : outcome.usages)
    if (!usage.record(Context(), one)) return {};
  const auto sum = ledger.sum(Context(), std::nullopt, Clock::WallTime{});
  if (!sum) return {};
  const auto cpu = prices.price(costs::Unit::cpu_second, "westeurope", clock.wall_time());
  const auto gib = prices.price(costs::Unit::gib_second, "westeurope", clock.wall_time());
  long double picos = 0;
  Money money;
  for (const BilledGroup& group : outcome.bill) {
    picos += static_cast<long double>(group.seconds) *
             static_cast<long double>(*cpu * group.cpu_count + *gib * group.memory_gib);
    money.billed_seconds += group.seconds;
  }
  const long double bill = picos / 1'000'000;
  if (std::getenv("CAPACITY_BENCH_DETAILS")) {
    for (const BilledGroup& group : outcome.bill) {
      double told = 0;
      for (const capacity::WorkerUsage& one : outcome.usages)
        if (one.name == group.name)
          for (const auto& part : one.parts)
            told += std::chrono::duration<double>(part.to - part.from).count();
      if (told > group.seconds + 40 || told < group.seconds - 40)
        std::fprintf(stderr, "%s: billed %.0f s, told %.0f s\n", group.name.c_str(), group.seconds,
                     told);
    }
    std::fprintf(stderr, "ledger %lld micros, bill %.0Lf\n", static_cast<long long>(sum->micros),
                 bill);
  }
  money.fraction = static_cast<double>(
      std::abs(static_cast<double>((static_cast<long double>(sum->micros) - bill) / bill)));
  return money;
}

}  // namespace

int main(int argc, char** argv) {
  const long seeds = argc > 1 ? std::atol(argv[1]) : 10'000;
  const long cycles = argc > 2 ? std::atol(argv[2]) : 1'000;
  IdleDeadlineOutcome sum;
  for (long seed = 1; seed <= seeds; ++seed) {
    const auto one = around_the_idle_deadline(static_cast<std::uint64_t>(seed));
    sum.duplicate_starts += one.duplicate_starts;
    sum.lost += one.lost;
    sum.killed_at_work += one.killed_at_work;
    sum.new_workers += one.new_workers;
  }
  const ChaosOutcome chaos = cycles_under_faults(42, static_cast<std::size_t>(cycles));
  const Money money = compare_with_bill(chaos);
  const auto idle = std::chrono::seconds(660);
  std::printf(
      "{\"interleavings_count\": %ld, \"duplicate_starts\": %zu, \"interleavings_lost\": %zu, "
      "\"interleavings_killed_at_work\": %zu, \"interleavings_with_a_new_worker\": %zu, "
      "\"cycles_count\": %ld, \"orphans_after_1000_cycles\": %zu, \"cycles_jobs_not_done\": %zu, "
      "\"cycles_killed_at_work\": %zu, \"cycles_groups_created\": %zu, "
      "\"cycles_provisioner_kills\": %zu, \"idle_workers_after_660_s\": %zu, "
      "\"simulated_bill_seconds\": %.0f, \"ledger_error_fraction\": %.6f}\n",
      seeds, sum.duplicate_starts, sum.lost, sum.killed_at_work, sum.new_workers, cycles,
      chaos.orphans, chaos.not_done, chaos.killed_at_work, chaos.creations, chaos.kills,
      idle_container_groups_after(idle, 7) + idle_processes_after(idle, 7), money.billed_seconds,
      money.fraction);
  return 0;
}

// costs: what each tenant used and what it cost, from the ledger.

#include <cstdio>

#include "base/time_text.h"
#include "main/commands.h"
#include "roles/cost_recorder.h"
#include "roles/platform.h"
#include "tenancy/login.h"

namespace cloudfolio::main {
namespace {

constexpr std::chrono::hours kSinceDefault(30 * 24);

Result<Clock::WallTime> since_of(const std::string& text, Clock::WallTime now) {
  if (text.empty()) return now - kSinceDefault;
  const auto time = text.size() == 10 ? time_from(text + "T00:00:00Z") : time_from(text);
  if (!time) return Error(Code::invalid_argument, "--since must be a day such as 2026-01-31");
  return *time;
}

void print_table(const costs::CostSummary& summary) {
  std::printf("%-20s %-10s %-18s %9s %11s %11s %12s\n", "tenant", "day", "what", "count",
              "cpu-seconds", "gib-seconds", summary.currency.c_str());
  for (const costs::CostLine& line : summary.lines) {
    std::printf("%-20s %-10s %-18s %9lld %11.1f %11.1f %12s\n",
                line.tenant.empty() ? "(nobody)" : line.tenant.c_str(), line.day.c_str(),
                line.kind.c_str(), static_cast<long long>(line.count),
                static_cast<double>(line.cpu_ms) / 1'000, static_cast<double>(line.gib_ms) / 1'000,
                costs::money_text(line.micros).c_str());
  }
  std::printf("total %s %s", costs::money_text(summary.micros).c_str(), summary.currency.c_str());
  if (summary.requests > 0)
    std::printf("; %lld requests, %s for 1,000", static_cast<long long>(summary.requests),
                costs::money_text(costs::micros_per_1000_requests(summary)).c_str());
  std::printf(" (prices %s)\n", summary.price_version.c_str());
  if (summary.unattributed > 0)
    std::printf("%lld groups were found running that nobody here created: look at the bill\n",
                static_cast<long long>(summary.unattributed));
}

}  // namespace

Status run_command(const Invocation& invocation, const CostsCommand& command) {
  std::optional<TenantId> tenant;
  if (!command.login.empty()) {
    CF_TRY(tenant, tenancy::tenant_from_login(command.login));
  }
  CF_TRY(const Clock::WallTime since, since_of(command.since, invocation.clock.wall_time()));
  CF_TRY(const auto platform, roles::Platform::open(invocation.config, invocation.clock));
  CF_TRY(const costs::PriceTable prices, roles::read_prices(invocation.config));
  CF_TRY(storage::Table* const table, platform->storage().table(costs::kCostsTable));
  const costs::Ledger ledger(*table, prices);
  CF_TRY(const costs::CostSummary summary, ledger.sum(Context(), tenant, since));
  if (invocation.output == Output::json) {
    std::printf("%s\n", costs::to_json(summary).c_str());
  } else {
    print_table(summary);
  }
  return Done{};
}

}  // namespace cloudfolio::main

#include "roles/ledger_usage.h"

#include "base/time_text.h"

namespace cloudfolio::roles {

Status LedgerUsage::record(const Context& ctx, const capacity::WorkerUsage& usage) {
  if (usage.parts.empty()) return Done{};
  const Clock::WallTime created = usage.parts.front().from;
  const std::int64_t ran_ms = to_unix_ms(usage.parts.back().to) - to_unix_ms(created);
  CF_TRY(const std::int64_t paid_ms, ledger_.prices().paid_ms(usage.region, created, ran_ms));
  for (std::size_t i = 0; i < usage.parts.size(); ++i) {
    capacity::UsagePart part = usage.parts[i];
    if (i + 1 == usage.parts.size()) part.to += std::chrono::milliseconds(paid_ms - ran_ms);
    const std::int64_t ms = to_unix_ms(part.to) - to_unix_ms(part.from);
    costs::RunLine line;
    line.tenant = part.tenant;
    line.kind = std::string("worker-") + std::string(to_string(part.part));
    line.key = usage.name + "|" + std::string(to_string(part.part)) + "|" + std::to_string(i);
    line.region = usage.region;
    line.from = part.from;
    line.to = part.to;
    line.cpu_ms = ms * usage.size.cpu_count;
    line.gib_ms = ms * usage.size.memory_gib;
    CF_CHECK(ledger_.record(ctx, line));
  }
  return Done{};
}

Status LedgerUsage::record_unknown(const Context& ctx, const std::string& name,
                                   Clock::WallTime now) {
  return ledger_.record_unattributed(ctx, name, now);
}

}  // namespace cloudfolio::roles

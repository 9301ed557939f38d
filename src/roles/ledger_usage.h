#pragma once
// LedgerUsage: what a worker cost, told by capacity, as lines of the ledger. Connects two rooms
// that do not know each other.
//
// A worker's processors and memory are paid as ordered, for the whole of each part. What a price
// rounds up (a second that was begun) is part of the last. The keys `<name>|<part>|<position>` are
// the same however often it is told. Lifetime: the ledger outlives it.

#include "capacity/usage.h"
#include "costs/ledger.h"

namespace cloudfolio::roles {

class LedgerUsage final : public capacity::UsageSink {
 public:
  explicit LedgerUsage(costs::Ledger& ledger) : ledger_(ledger) {}
  Status record(const Context& ctx, const capacity::WorkerUsage& usage) override;
  Status record_unknown(const Context& ctx, const std::string& name, Clock::WallTime now) override;

 private:
  costs::Ledger& ledger_;
};

}  // namespace cloudfolio::roles

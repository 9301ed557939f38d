#pragma once
// Provisioner: the planner's decisions carried out on a platform, by one leader at a time.
//
// A pass: be the leader (a lease; its epoch goes into the memory row, so that a leader who stalled
// is refused by the store), read the rows, list the groups, plan, and carry out. What is created
// has its row first; what is deleted was marked first. Killed at any step, the next pass of any
// process goes on.
//
// Lifetime: everything given outlives it.

#include <mutex>
#include <optional>

#include "base/random.h"
#include "capacity/capacity.h"
#include "capacity/platform.h"
#include "capacity/usage.h"
#include "capacity/worker_book.h"
#include "storage/lease.h"

namespace cloudfolio::capacity {

class Provisioner final : public Capacity {
 public:
  Provisioner(Policy policy, storage::Table& table, storage::LeaseBook& leases, Platform& platform,
              UsageSink& usage, const Clock& clock, Random random);

  Result<Pass> ensure(const Context& ctx, const Demand& demand) override;
  Result<std::vector<WorkerView>> observe(const Context& ctx) override;
  Status release(const Context& ctx, const std::string& job) override;

 private:
  struct Turn;
  Result<bool> lead(const Context& ctx);
  Status carry_out(const Context& ctx, Turn& turn, const Effect& effect);
  Status create(const Context& ctx, Turn& turn, Worker worker);
  Status ask(const Context& ctx, Turn& turn, Worker worker);
  Status remove(const Context& ctx, Turn& turn, Worker worker, const Delete& effect);
  Status note_failed_start(const Context& ctx, Turn& turn, const Worker& worker);
  Status remove_orphan(const Context& ctx, Turn& turn, const Group& group);
  Status close(const Context& ctx, Turn& turn, const Worker& worker);
  Status change(const Context& ctx, Turn& turn, Worker worker, const Effect& effect);

  const Policy policy_;
  WorkerBook book_;
  storage::LeaseBook& leases_;
  Platform& platform_;
  UsageSink& usage_;
  const Clock& clock_;
  std::mutex mutex_;  // One pass at a time.
  Random random_;
  std::optional<storage::Lease> lease_;
};

}  // namespace cloudfolio::capacity

#pragma once
// The workers of one queue in a table: what the leader decides and what the workers say, each by
// compare-and-set, so that a stalled leader or a late worker is refused.
//
// Partition: the queue. Rows: `memory` (the leader's), `worker|<generation>`, `tenant|<tenant>`.
// Threads:  thread-safe.
// Lifetime: the table outlives the book.
// Errors:   conflict: somebody else was first (read again), or, on the worker's side, it is no
//   longer a worker: end at once, publish nothing. unavailable, corrupt: the table's.

#include <string>

#include "base/context.h"
#include "base/result.h"
#include "capacity/planner.h"
#include "storage/table.h"

namespace cloudfolio::capacity {

inline constexpr const char* kWorkersTable = "workers";

enum class Order { go_on, stop_at_checkpoint };

class WorkerBook {
 public:
  WorkerBook(storage::Table& table, std::string queue) : table_(table), queue_(std::move(queue)) {}

  // --- The leader's side; each refuses what was read before somebody else wrote.
  Result<Book> load(const Context& ctx);
  // Puts `memory.epoch` there: conflict where a later leader was before.
  Status write_memory(const Context& ctx, Memory& memory);
  // Both or neither: the worker's row, and the generation and creation counted.
  Status insert(const Context& ctx, Worker& worker, Memory& memory);
  Status update(const Context& ctx, Worker& worker);
  // Both or neither: the row goes, and what it cost is counted.
  Status close(const Context& ctx, const Worker& worker, Memory& memory);
  // That the tenant was served; without effect where somebody else writes it at this moment.
  Status note_served(const Context& ctx, const TenantId& tenant, WallTime now);

  // What a person should look at about starts of workers, for whoever only reads; empty: nothing.
  Result<std::string> trouble(const Context& ctx, const Policy& policy, WallTime now);

  // --- The worker's side.
  // Every heartbeat_limit / 3 or so, and with each step of progress.
  Result<Order> heartbeat(const Context& ctx, std::uint64_t generation, WallTime now);
  // The right to begin `job`. conflict: this worker is draining or gone, holds another job, or
  // another worker works for that tenant.
  Status take(const Context& ctx, std::uint64_t generation, const TenantId& tenant,
              const std::string& job, WallTime now);
  // After result, status and cost are durable. conflict: the job was given to somebody else.
  Status finish(const Context& ctx, std::uint64_t generation, const std::string& job, WallTime now);

 private:
  Result<Worker> worker(const Context& ctx, std::uint64_t generation);
  Result<TenantRow> tenant(const Context& ctx, const TenantId& tenant);
  Status write_both(const Context& ctx, const Worker& worker, const TenantRow& tenant);

  storage::Table& table_;
  const std::string queue_;
};

// Ends the held work at `now` and keeps it as a span.
void end_work(Worker& worker, WallTime now);

}  // namespace cloudfolio::capacity

#pragma once
// Which worker runs a task now, as a row that every worker of the queue can see.
//
// A queue delivers at least once, and an orchestrator that restarts asks again, so a task may have
// several messages. A claim makes one of them the one that runs; its `epoch` tells a worker that
// stalled from the one that took over.
//
// Promises: between two claims of one task the first has ended (its time ran out, or it was let
// go). `starts_count` counts starts that were not let go in order: a task that kills its workers is
// recognised however often it is asked for again.
// Threads:  thread-safe. Errors: those of Table.

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>

#include "base/clock.h"
#include "durable/queued/activity_message.h"
#include "storage/queue.h"
#include "storage/table.h"

namespace cloudfolio::durable {

inline constexpr std::string_view kClaimTable = "activityclaims";

struct Claim {
  ResultMessage task;
  storage::MessageId message;
  std::uint64_t epoch = 0;
  std::int64_t starts_count = 0;
  storage::ETag etag;
};

// Another worker runs the task, for another message.
struct ClaimedElsewhere {};
// Nobody waits for the task any more.
struct TaskCancelled {};
using ClaimAnswer = std::variant<Claim, ClaimedElsewhere, TaskCancelled>;

// A row that nobody touched for so long is of no use: no message about it lives.
inline constexpr std::chrono::hours kClaimKeptFor{8 * 24};

class ActivityClaims {
 public:
  // `table` and `clock` outlive it.
  ActivityClaims(storage::Table& table, const Clock& clock) : table_(table), clock_(clock) {}

  // For `length` from now on. A claim of the same message is taken over: that it was delivered
  // again says that its worker lost it.
  Result<ClaimAnswer> take(const Context& ctx, const ResultMessage& task,
                           const storage::MessageId& message, std::chrono::seconds length);
  // conflict: it was taken over, or the task was cancelled.
  Status renew(const Context& ctx, Claim& claim, std::chrono::seconds length);
  // The work ended (its result is kept), or was never begun: the start does not count.
  Status let_go(const Context& ctx, const Claim& claim);
  // Nobody waits for the execution's tasks: claims on them can be neither renewed nor taken.
  Status cancel(const Context& ctx, const std::string& execution, const std::string& tenant);
  Result<bool> is_cancelled(const Context& ctx, const std::string& execution);
  // Removes what is older than kClaimKeptFor, looking at one page from `continuation` on; gives the
  // next continuation, empty at the end.
  Result<std::string> sweep(const Context& ctx, const std::string& continuation);

 private:
  storage::Table& table_;
  const Clock& clock_;
};

}  // namespace cloudfolio::durable

#pragma once
// An orchestration instance while the scheduler works on it: its row, the messages that it has not
// taken yet, and, where it is kept alive, its coroutine.

#include <cstddef>
#include <deque>
#include <list>
#include <memory>

#include "durable/embedded/journal.h"
#include "durable/execution.h"

namespace cloudfolio::durable {

struct Message {
  HistoryEvent event;
  std::int64_t seq = 0;  // Its row in `inbox`; 0 while it has none.
};

struct Instance : InstanceRow {
  explicit Instance(InstanceRow row) : InstanceRow(std::move(row)) {}

  bool terminal() const { return is_terminal(status); }
  // Has messages that a turn can take: a scheduled start that is not due yet holds back the rest.
  bool has_work() const {
    if (inbox.empty() || stalled || terminal()) return false;
    return chunks_count > 0 || std::holds_alternative<ExecutionStarted>(inbox.front().event.body);
  }

  std::deque<Message> inbox;
  std::unique_ptr<Execution> live;  // Null: cold. It has seen exactly the rows of `history`.
  bool queued = false;              // In the ready queue.
  bool holding = false;             // Listed for its messages to be written at the next commit.
  std::size_t bytes = 0;            // As counted by the cache.
  bool counted_live = false;        // As counted by the cache.
  std::list<Instance*>::iterator recency;
};

}  // namespace cloudfolio::durable

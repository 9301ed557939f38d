#pragma once
// Rows of `orchestrations.db` as our types; shared by the writing and the reading side.

#include <chrono>
#include <string>
#include <string_view>

#include "durable/embedded/journal.h"
#include "sqlite/statement.h"

namespace cloudfolio::durable {

// The columns of `instance`, in the order that instance_from() reads them.
inline constexpr std::string_view kInstanceColumns =
    "key, id, execution_id, name, version, status, created, updated, completed, parent, "
    "trace_parent, tags, custom_status, stalled, chunks_count, events_count, history_bytes, "
    "last_event_id";

// From the current row of a SELECT that begins with kInstanceColumns.
Result<InstanceRow> instance_from(const sqlite::Statement& row);

inline std::int64_t micros(Clock::WallTime time) {
  return time.time_since_epoch().count();
}
inline Clock::WallTime from_micros(std::int64_t value) {
  return Clock::WallTime(std::chrono::microseconds(value));
}

// A ParentInstance as the protocol's ExecutionStarted has it, with its key beside.
std::string encode_parent(const ParentInstance& parent);
Result<ParentInstance> decode_parent(std::string_view bytes);

}  // namespace cloudfolio::durable

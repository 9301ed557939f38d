#pragma once
// The history of an orchestration: Durable Task's events, with Durable Task's names and meaning.
//
// A history only grows (until continue-as-new replaces it). Everything an orchestration ever knew
// is in it; replaying it gives the same actions. docs/formats/history.md has the bytes.
//
// event_id: events that echo an action carry the action's id (>= 1, strictly increasing within a
// history); all others carry -1.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "durable/failure.h"
#include "durable/status.h"

namespace cloudfolio::durable {

using Tags = std::map<std::string, std::string>;

struct ParentInstance {
  std::int32_t task_scheduled_id = 0;  // Of the parent's SubOrchestrationInstanceCreated.
  std::string name;
  std::string instance_id;
  std::string execution_id;
  bool operator==(const ParentInstance&) const = default;
};

struct ExecutionStarted {
  std::string name;
  std::string version;
  std::string input;
  std::string instance_id;
  std::string execution_id;  // 32 hex digits, new for every execution.
  std::optional<ParentInstance> parent;
  std::optional<Clock::WallTime> scheduled_start;
  std::string trace_parent;  // W3C traceparent; empty for none.
  Tags tags;
  bool operator==(const ExecutionStarted&) const = default;
};
struct ExecutionCompleted {
  OrchestrationStatus status = OrchestrationStatus::completed;
  std::string result;
  std::optional<Failure> failure;
  bool operator==(const ExecutionCompleted&) const = default;
};
struct ExecutionTerminated {
  std::string output;
  bool recurse = false;
  bool operator==(const ExecutionTerminated&) const = default;
};
struct TaskScheduled {
  std::string name;
  std::string version;
  std::string input;
  Tags tags;
  bool operator==(const TaskScheduled&) const = default;
};
struct TaskCompleted {
  std::int32_t task_scheduled_id = 0;
  std::string result;
  bool operator==(const TaskCompleted&) const = default;
};
struct TaskFailed {
  std::int32_t task_scheduled_id = 0;
  Failure failure;
  bool operator==(const TaskFailed&) const = default;
};
struct SubOrchestrationInstanceCreated {
  std::string instance_id;
  std::string name;
  std::string version;
  std::string input;
  Tags tags;
  bool operator==(const SubOrchestrationInstanceCreated&) const = default;
};
struct SubOrchestrationInstanceCompleted {
  std::int32_t task_scheduled_id = 0;
  std::string result;
  bool operator==(const SubOrchestrationInstanceCompleted&) const = default;
};
struct SubOrchestrationInstanceFailed {
  std::int32_t task_scheduled_id = 0;
  Failure failure;
  bool operator==(const SubOrchestrationInstanceFailed&) const = default;
};
struct TimerCreated {
  Clock::WallTime fire_at{};
  bool operator==(const TimerCreated&) const = default;
};
struct TimerFired {
  Clock::WallTime fire_at{};
  std::int32_t timer_id = 0;
  bool operator==(const TimerFired&) const = default;
};
// First in every turn. Its timestamp is the orchestration's only clock.
struct OrchestratorStarted {
  bool operator==(const OrchestratorStarted&) const = default;
};
struct EventSent {
  std::string instance_id;
  std::string name;
  std::string input;
  bool operator==(const EventSent&) const = default;
};
struct EventRaised {
  std::string name;
  std::string input;
  bool operator==(const EventRaised&) const = default;
};
struct ContinueAsNew {
  std::string input;
  bool operator==(const ContinueAsNew&) const = default;
};
struct ExecutionSuspended {
  std::string reason;
  bool operator==(const ExecutionSuspended&) const = default;
};
struct ExecutionResumed {
  std::string reason;
  bool operator==(const ExecutionResumed&) const = default;
};
// A failed execution went back to before its last failure.
struct ExecutionRewound {
  std::string reason;
  bool operator==(const ExecutionRewound&) const = default;
};
// An event of a kind that this build does not know (entities, a newer protocol). Kept byte
// for byte and written back unchanged; an orchestration ignores it.
struct UnknownEvent {
  std::uint32_t field = 0;  // Of the protocol's HistoryEvent.
  std::string bytes;
  bool operator==(const UnknownEvent&) const = default;
};

using EventBody =
    std::variant<ExecutionStarted, ExecutionCompleted, ExecutionTerminated, TaskScheduled,
                 TaskCompleted, TaskFailed, SubOrchestrationInstanceCreated,
                 SubOrchestrationInstanceCompleted, SubOrchestrationInstanceFailed, TimerCreated,
                 TimerFired, OrchestratorStarted, EventSent, EventRaised, ContinueAsNew,
                 ExecutionSuspended, ExecutionResumed, ExecutionRewound, UnknownEvent>;

inline constexpr std::int32_t kNoEventId = -1;

struct HistoryEvent {
  std::int32_t event_id = kNoEventId;
  Clock::WallTime timestamp{};
  EventBody body;
  bool operator==(const HistoryEvent&) const = default;
};

using History = std::vector<HistoryEvent>;

// "TaskScheduled", "TimerFired", …
std::string_view type_name(const EventBody& body);
// One line for logs and errors, without payloads: "TaskScheduled 'fetch' (id 3)".
std::string describe(const HistoryEvent& event);

}  // namespace cloudfolio::durable

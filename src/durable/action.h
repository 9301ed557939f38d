#pragma once
// What an orchestration asks for at the end of a turn: data, performed by the scheduler once the
// turn is durable. Durable Task's OrchestratorAction, without its entity actions.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "durable/history.h"

namespace cloudfolio::durable {

struct ScheduleTask {
  std::string name;
  std::string version;
  std::string input;
  Tags tags;
  bool operator==(const ScheduleTask&) const = default;
};
struct CreateTimer {
  Clock::WallTime fire_at{};
  bool operator==(const CreateTimer&) const = default;
};
struct CreateSubOrchestration {
  std::string instance_id;
  std::string name;
  std::string version;
  std::string input;
  Tags tags;
  bool operator==(const CreateSubOrchestration&) const = default;
};
struct SendEvent {
  std::string instance_id;
  std::string name;
  std::string input;
  bool operator==(const SendEvent&) const = default;
};
// Status continued_as_new: `result` is the next input, `carryover` the EventRaised not consumed
// yet.
struct CompleteOrchestration {
  OrchestrationStatus status = OrchestrationStatus::completed;
  std::string result;
  std::optional<Failure> failure;
  History carryover;
  bool operator==(const CompleteOrchestration&) const = default;
};

struct Action {
  std::int32_t id = 0;  // >= 1, one counter per execution, over all kinds.
  std::variant<ScheduleTask, CreateTimer, CreateSubOrchestration, SendEvent, CompleteOrchestration>
      body;
  bool operator==(const Action&) const = default;
};

// The event that records the action in the history.
HistoryEvent echo(const Action& action, Clock::WallTime timestamp);
// In the words of history: "TaskScheduled 'fetch' (id 3)".
std::string describe(const Action& action);
// Whether `event`, of a history, is the echo of this action: same kind, name and target. Payloads
// are not compared: a fix may change them.
bool is_echo_of(const HistoryEvent& event, const Action& action);

}  // namespace cloudfolio::durable

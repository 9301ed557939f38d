#include "durable/action.h"

namespace cloudfolio::durable {
namespace {

EventBody event_of(const ScheduleTask& action) {
  return TaskScheduled{action.name, action.version, action.input, action.tags};
}
EventBody event_of(const CreateTimer& action) {
  return TimerCreated{action.fire_at};
}
EventBody event_of(const CreateSubOrchestration& action) {
  return SubOrchestrationInstanceCreated{action.instance_id, action.name, action.version,
                                         action.input, action.tags};
}
EventBody event_of(const SendEvent& action) {
  return EventSent{action.instance_id, action.name, action.input};
}
EventBody event_of(const CompleteOrchestration& action) {
  return ExecutionCompleted{action.status, action.result, action.failure};
}

}  // namespace

HistoryEvent echo(const Action& action, Clock::WallTime timestamp) {
  return HistoryEvent{action.id, timestamp,
                      std::visit([](const auto& body) { return event_of(body); }, action.body)};
}

std::string describe(const Action& action) {
  return describe(echo(action, {}));
}

bool is_echo_of(const HistoryEvent& event, const Action& action) {
  if (const auto* task = std::get_if<ScheduleTask>(&action.body)) {
    const auto* past = std::get_if<TaskScheduled>(&event.body);
    return past && past->name == task->name;
  }
  if (std::holds_alternative<CreateTimer>(action.body)) {
    return std::holds_alternative<TimerCreated>(event.body);
  }
  if (const auto* child = std::get_if<CreateSubOrchestration>(&action.body)) {
    const auto* past = std::get_if<SubOrchestrationInstanceCreated>(&event.body);
    return past && past->name == child->name && past->instance_id == child->instance_id;
  }
  if (const auto* sent = std::get_if<SendEvent>(&action.body)) {
    const auto* past = std::get_if<EventSent>(&event.body);
    return past && past->name == sent->name && past->instance_id == sent->instance_id;
  }
  return std::holds_alternative<ExecutionCompleted>(event.body);
}

}  // namespace cloudfolio::durable

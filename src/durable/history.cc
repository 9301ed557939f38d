#include "durable/history.h"

#include <array>
#include <type_traits>

namespace cloudfolio::durable {
namespace {

constexpr std::array<std::string_view, std::variant_size_v<EventBody>> kTypeNames = {
    "ExecutionStarted",
    "ExecutionCompleted",
    "ExecutionTerminated",
    "TaskScheduled",
    "TaskCompleted",
    "TaskFailed",
    "SubOrchestrationInstanceCreated",
    "SubOrchestrationInstanceCompleted",
    "SubOrchestrationInstanceFailed",
    "TimerCreated",
    "TimerFired",
    "OrchestratorStarted",
    "EventSent",
    "EventRaised",
    "ContinueAsNew",
    "ExecutionSuspended",
    "ExecutionResumed",
    "ExecutionRewound",
    "UnknownEvent",
};

}  // namespace

std::string_view type_name(const EventBody& body) {
  return kTypeNames[body.index()];
}

std::string describe(const HistoryEvent& event) {
  std::string text(type_name(event.body));
  std::visit(
      [&text](const auto& body) {
        using Body = std::remove_cvref_t<decltype(body)>;
        if constexpr (requires { body.name; }) text += " '" + body.name + "'";
        if constexpr (std::is_same_v<Body, EventSent>) text += " to '" + body.instance_id + "'";
        if constexpr (requires { body.task_scheduled_id; }) {
          text += " of task " + std::to_string(body.task_scheduled_id);
        }
        if constexpr (std::is_same_v<Body, TimerFired>) {
          text += " of timer " + std::to_string(body.timer_id);
        }
      },
      event.body);
  if (event.event_id != kNoEventId) text += " (id " + std::to_string(event.event_id) + ")";
  return text;
}

}  // namespace cloudfolio::durable

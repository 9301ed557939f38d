// A failed run goes back to before its last failure and goes on from there.
//
// The history is cut at the last turn that received a failure. What that turn and later ones
// received besides (results of calls that were made before the cut, events from outside) is
// delivered again; failed calls, and calls that nobody waited for any more, are made again under a
// new execution id, so that nothing of the old execution can answer them.

#include <algorithm>
#include <set>

#include "durable/codec.h"
#include "durable/embedded/engine.h"
#include "telemetry/log.h"

namespace cloudfolio::durable {
namespace {

bool is_failure(const EventBody& body) {
  return std::holds_alternative<TaskFailed>(body) ||
         std::holds_alternative<SubOrchestrationInstanceFailed>(body);
}

// Where the last turn that received a failure begins.
std::optional<std::size_t> cut_of(const History& history) {
  std::optional<std::size_t> cut;
  std::size_t turn = 0;
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (std::holds_alternative<OrchestratorStarted>(history[i].body)) turn = i;
    if (is_failure(history[i].body)) cut = turn;
  }
  return cut;
}

// The call or timer that this event answers.
std::optional<std::int32_t> answered(const EventBody& body) {
  if (const auto* done = std::get_if<TaskCompleted>(&body)) return done->task_scheduled_id;
  if (const auto* fired = std::get_if<TimerFired>(&body)) return fired->timer_id;
  if (const auto* child = std::get_if<SubOrchestrationInstanceCompleted>(&body))
    return child->task_scheduled_id;
  if (const auto* failed = std::get_if<TaskFailed>(&body)) return failed->task_scheduled_id;
  if (const auto* failed = std::get_if<SubOrchestrationInstanceFailed>(&body))
    return failed->task_scheduled_id;
  return std::nullopt;
}

std::optional<Action> call_of(const HistoryEvent& event) {
  if (const auto* task = std::get_if<TaskScheduled>(&event.body))
    return Action{event.event_id, ScheduleTask{task->name, task->version, task->input, task->tags}};
  if (const auto* timer = std::get_if<TimerCreated>(&event.body))
    return Action{event.event_id, CreateTimer{timer->fire_at}};
  if (const auto* child = std::get_if<SubOrchestrationInstanceCreated>(&event.body))
    return Action{event.event_id,
                  CreateSubOrchestration{child->instance_id, child->name, child->version,
                                         child->input, child->tags}};
  return std::nullopt;
}

// What the dropped turns received and still means something to the kept ones.
History received_again(const History& dropped, const std::set<std::int32_t>& called) {
  History events;
  for (const HistoryEvent& event : dropped) {
    if (is_failure(event.body)) continue;
    const auto call = answered(event.body);
    const bool raised = std::holds_alternative<EventRaised>(event.body);
    if (raised || (call && called.count(*call) > 0)) events.push_back(event);
  }
  return events;
}

}  // namespace

Status Engine::rewind(const InstanceId& id, std::string reason) {
  if (reason.size() > kPayloadBytesMax) {
    return Error(Code::invalid_argument,
                 "the reason is longer than " + std::to_string(kPayloadBytesMax) + " bytes");
  }
  CF_TRY(Instance* const instance, get(id));
  if (instance->parent) {
    CF_TRY(Instance* const parent, cache_.find(instance->parent->instance_id));
    if (parent && parent->execution_id == instance->parent->execution_id) {
      return Error(Code::conflict, "orchestration instance '" + id.str() +
                                       "' is a child: rewind '" + parent->id + "', which began it");
    }
  }
  return rewind(*instance, reason);
}

Status Engine::rewind(Instance& instance, const std::string& reason) {
  if (instance.status != OrchestrationStatus::failed) {
    return Error(Code::conflict, "orchestration instance '" + instance.id + "' is " +
                                     std::string(to_string(instance.status)) +
                                     ": only a failed one can be rewound");
  }
  CF_TRY(History kept, journal_.history(instance.key));
  const auto cut = cut_of(kept);
  if (!cut) {
    return Error(Code::conflict, "orchestration instance '" + instance.id +
                                     "' failed without a failed call: restart it instead");
  }
  const auto begin = kept.begin() + static_cast<std::ptrdiff_t>(*cut);
  const History dropped(begin, kept.end());
  kept.erase(begin, kept.end());

  std::set<std::int32_t> called, done;
  for (const HistoryEvent& event : kept) {
    if (call_of(event)) called.insert(event.event_id);
    if (const auto call = answered(event.body)) done.insert(*call);
  }
  const History again = received_again(dropped, called);
  for (const HistoryEvent& event : again) {
    if (const auto call = answered(event.body)) done.insert(*call);
  }

  CF_CHECK(begin_again(instance, kept));
  CF_CHECK(deliver(instance, event(ExecutionRewound{reason})));
  for (const HistoryEvent& each : again) {
    CF_CHECK(deliver(instance, event(each.body)));
  }
  for (const HistoryEvent& each : kept) {
    const auto call = call_of(each);
    if (!call || done.count(call->id) > 0) continue;
    const auto* child = std::get_if<CreateSubOrchestration>(&call->body);
    CF_CHECK(child ? call_child_again(instance, *call, *child, reason)
                   : perform(instance, {*call}, Taken{}));
  }
  changed(instance);
  log_.info(context_of(instance), "orchestration.rewound",
            {{"orchestration", instance.name}, {"reason", reason}});
  return journal_.update(instance);
}

// The same instance, running, under a new execution id, with only these events behind it.
Status Engine::begin_again(Instance& instance, History& kept) {
  CF_CHECK(journal_.clear_history(instance.key));
  instance.live.reset();
  instance.execution_id = new_execution_id();
  instance.status = OrchestrationStatus::running;
  instance.completed.reset();
  instance.chunks_count = instance.events_count = instance.history_bytes = 0;
  instance.last_event_id = 0;
  for (HistoryEvent& event : kept) {
    auto* started = std::get_if<ExecutionStarted>(&event.body);
    if (started) started->execution_id = instance.execution_id;
  }
  auto turn = kept.begin();
  while (turn != kept.end()) {  // One chunk a turn, as they were written.
    const auto next = std::find_if(turn + 1, kept.end(), [](const HistoryEvent& event) {
      return std::holds_alternative<OrchestratorStarted>(event.body);
    });
    CF_CHECK(append(instance, History(turn, next)));
    turn = next;
  }
  return Done{};
}

// A child that still runs, or that ended meanwhile, belongs to the new execution; a failed one is
// rewound; where there is none any more, it is called once more.
Status Engine::call_child_again(Instance& instance, const Action& call,
                                const CreateSubOrchestration& wanted, const std::string& reason) {
  CF_TRY(Instance* const child, cache_.find(wanted.instance_id));
  const bool is_ours = child && child->parent && child->parent->instance_id == instance.id &&
                       child->parent->task_scheduled_id == call.id;
  if (!is_ours) return perform(instance, call, wanted);
  child->parent->execution_id = instance.execution_id;
  CF_CHECK(journal_.update(*child));
  if (!child->terminal()) return Done{};
  CF_TRY(const auto past, journal_.history(child->key));
  if (child->status == OrchestrationStatus::failed && cut_of(past)) return rewind(*child, reason);
  const auto* end = past.empty() ? nullptr : std::get_if<ExecutionCompleted>(&past.back().body);
  if (end && end->status == OrchestrationStatus::completed) return tell_parent(*child, *end);
  return perform(instance, call, wanted);
}

}  // namespace cloudfolio::durable

// One turn of one instance: take its messages, run its code, record and perform what it asks for.

#include <algorithm>

#include "durable/codec.h"
#include "durable/embedded/engine.h"
#include "telemetry/log.h"

namespace cloudfolio::durable {
namespace {

std::string list(const std::vector<Action>& actions) {
  std::string text;
  for (const Action& action : actions) text += (text.empty() ? "" : "; ") + describe(action);
  return text.empty() ? "nothing" : text;
}

// An output (or next input) beyond the limit fails the orchestration instead.
void limit_output(Turn& turn) {
  for (Action& action : turn.actions) {
    auto* end = std::get_if<CompleteOrchestration>(&action.body);
    if (!end || end->result.size() <= kPayloadBytesMax) continue;
    const Error too_big(Code::invalid_argument,
                        "the output has " + std::to_string(end->result.size()) +
                            " bytes, more than the limit of " + std::to_string(kPayloadBytesMax) +
                            ": return a reference to stored data instead");
    *end = CompleteOrchestration{OrchestrationStatus::failed, {}, failure_from(too_big), {}};
  }
}

// Whether other code (or a repaired log) may get further: the instance waits, and the rest goes on.
// Any other error is the disk's.
bool is_of_the_code(Code code) {
  return code == Code::conflict || code == Code::not_found || code == Code::corrupt;
}

}  // namespace

Status Engine::run_turn(Instance& instance) {
  const auto began = clock_.now();
  const Taken taken = take_messages(instance);
  if (taken.fresh.size() == 1) {  // Nothing but duplicates.
    for (const auto seq : taken.seqs) {
      CF_CHECK(journal_.remove_message(seq));
    }
    instance.inbox.clear();
    return Done{};
  }
  auto turn = run_code(instance, taken.fresh);
  if (!turn) {
    if (journal_.broken() || !is_of_the_code(turn.error().code())) return turn.error();
    return stall(instance, turn.error());
  }
  metrics_.turns.add();
  limit_output(*turn);
  CF_CHECK(record(instance, taken, *turn));
  metrics_.turn_seconds.observe(std::chrono::duration<double>(clock_.now() - began).count());
  return Done{};
}

// The messages as new events, without those that change nothing. They stay in the inbox until the
// turn is recorded.
Engine::Taken Engine::take_messages(Instance& instance) {
  Taken taken;
  // Time stands still rather than go back when the machine's clock is set back.
  auto started = event(OrchestratorStarted{});
  started.timestamp = std::max(started.timestamp, instance.updated);
  taken.fresh.push_back(std::move(started));
  bool suspended = instance.status == OrchestrationStatus::suspended;
  for (const Message& message : instance.inbox) {
    if (message.seq != 0) taken.seqs.push_back(message.seq);
    const auto& body = message.event.body;
    if (std::holds_alternative<ExecutionSuspended>(body)) {
      if (std::exchange(suspended, true)) continue;
    } else if (std::holds_alternative<ExecutionResumed>(body)) {
      if (!std::exchange(suspended, false)) continue;
    } else if (const auto* terminated = std::get_if<ExecutionTerminated>(&body)) {
      taken.terminates_children = taken.terminates_children || terminated->recurse;
    }
    taken.fresh.push_back(message.event);
  }
  taken.status = suspended ? OrchestrationStatus::suspended : OrchestrationStatus::running;
  return taken;
}

Result<Turn> Engine::run_code(Instance& instance, const History& fresh) {
  const bool was_live = instance.live != nullptr;
  if (!was_live) {
    auto cold = std::make_unique<Execution>(registry_);
    if (instance.chunks_count > 0) {
      metrics_.replays.add();
      CF_TRY(const auto past, journal_.history(instance.key));
      CF_CHECK(cold->replay(past));
    }
    instance.live = std::move(cold);
  }
  auto turn = instance.live->run(fresh);
  if (turn && was_live && options_.compares_live_and_cold) {
    CF_CHECK(compare_with_cold(instance, fresh, *turn));
  }
  return turn;
}

Status Engine::compare_with_cold(Instance& instance, const History& fresh, const Turn& turn) {
  Execution cold(registry_);
  CF_TRY(const auto past, journal_.history(instance.key));
  CF_CHECK(cold.replay(past));
  CF_TRY(const auto again, cold.run(fresh));
  if (again.actions == turn.actions && again.custom_status == turn.custom_status) return Done{};
  return Error(Code::conflict, "orchestration '" + instance.name + "' of instance '" + instance.id +
                                   "' is not deterministic: live it asks for " +
                                   list(turn.actions) + ", replayed for " + list(again.actions));
}

// The instance keeps its messages and waits for code that fits, or for its termination.
Status Engine::stall(Instance& instance, const Error& error) {
  instance.live.reset();
  for (const Message& message : instance.inbox) {
    const auto* terminated = std::get_if<ExecutionTerminated>(&message.event.body);
    if (terminated) return terminate_now(instance, *terminated);
  }
  instance.stalled = error.message();
  metrics_.stalled.with({instance.name}).add();
  log_.error(context_of(instance), "orchestration.stalled",
             {{"orchestration", instance.name}, {"message", error}});
  if (!instance.holding) {
    instance.holding = true;
    holding_.push_back(&instance);
  }
  return journal_.update(instance);
}

Status Engine::record(Instance& instance, const Taken& taken, const Turn& turn) {
  for (const auto seq : taken.seqs) {
    CF_CHECK(journal_.remove_message(seq));
  }
  instance.inbox.clear();
  History events = taken.fresh;
  const auto now = events.front().timestamp;
  for (const Action& action : turn.actions) events.push_back(echo(action, now));
  CF_CHECK(append(instance, events));
  if (turn.custom_status) {
    if (turn.custom_status->size() <= kPayloadBytesMax) {
      instance.custom_status = *turn.custom_status;
    } else {
      log_.warn(context_of(instance), "orchestration.custom_status_refused",
                {{"bytes", turn.custom_status->size()}});
    }
  }
  const auto before = instance.status;
  instance.status = taken.status;
  CF_CHECK(perform(instance, turn.actions, taken));
  if (instance.terminal()) return Done{};
  if (instance.status != before) changed(instance);
  const bool too_long =
      instance.events_count > static_cast<std::int64_t>(options_.history_events_count_max) ||
      instance.history_bytes > static_cast<std::int64_t>(options_.history_bytes_max);
  if (too_long) {
    const Error error(Code::quota_exceeded,
                      "the history has " + std::to_string(instance.events_count) + " events and " +
                          std::to_string(instance.history_bytes) +
                          " bytes, more than an instance may have: use continue_as_new");
    return force_end(instance, {}, {OrchestrationStatus::failed, {}, failure_from(error)});
  }
  cache_.used(instance);
  return journal_.update(instance);
}

Status Engine::append(Instance& instance, const History& events) {
  const auto bytes = encode_chunk(events);
  CF_CHECK(journal_.append_chunk(instance.key, instance.chunks_count, bytes));
  ++instance.chunks_count;
  instance.events_count += static_cast<std::int64_t>(events.size());
  instance.history_bytes += static_cast<std::int64_t>(bytes.size());
  instance.updated = std::max(instance.updated, events.back().timestamp);
  for (const HistoryEvent& each : events) {
    instance.last_event_id = std::max(instance.last_event_id, each.event_id);
  }
  return Done{};
}

Status Engine::perform(Instance& instance, const std::vector<Action>& actions, const Taken& taken) {
  for (const Action& action : actions) {
    const auto done = std::visit(
        [&](const auto& body) -> Status {
          using Body = std::remove_cvref_t<decltype(body)>;
          if constexpr (std::is_same_v<Body, CompleteOrchestration>) {
            if (body.status == OrchestrationStatus::continued_as_new) {
              return continue_as_new(instance, body);
            }
            CF_CHECK(finish(instance, {body.status, body.result, body.failure}));
            return taken.terminates_children ? terminate_children(instance, body.result)
                                             : Status(Done{});
          } else {
            return perform(instance, action, body);
          }
        },
        action.body);
    CF_CHECK(done);
  }
  return Done{};
}

Status Engine::perform(Instance& instance, const Action& action, const ScheduleTask& task) {
  if (!registry_.find_activity(task.name)) {
    const Error unknown(Code::not_found, "no activity '" + task.name + "' is registered");
    return deliver(instance, event(TaskFailed{action.id, failure_from(unknown)}));
  }
  if (task.input.size() > kPayloadBytesMax) {
    const Error too_big(Code::invalid_argument, "the input of '" + task.name + "' has " +
                                                    std::to_string(task.input.size()) +
                                                    " bytes, more than the limit of " +
                                                    std::to_string(kPayloadBytesMax));
    return deliver(instance, event(TaskFailed{action.id, failure_from(too_big)}));
  }
  TaskRow row{instance.key, 1, echo(action, instance.updated)};
  CF_CHECK(journal_.insert_task(row));
  effects_.dispatch.push_back(task_of(instance, row.scheduled, row.attempt));
  return Done{};
}

Status Engine::perform(Instance& instance, const Action& action, const CreateTimer& timer) {
  auto fired = event(TimerFired{timer.fire_at, action.id});
  if (timer.fire_at <= fired.timestamp) return deliver(instance, std::move(fired));
  return schedule(instance, std::move(fired), timer.fire_at);
}

Status Engine::perform(Instance& instance, const Action& action,
                       const CreateSubOrchestration& child) {
  std::optional<Error> refused;
  CF_TRY(Instance* const existing, cache_.find(child.instance_id));
  if (!registry_.find_orchestration(child.name, child.version)) {
    refused = Error(Code::not_found, "no orchestration '" + child.name + "' is registered");
  } else if (child.instance_id.size() > kInstanceIdBytesMax ||
             child.input.size() > kPayloadBytesMax) {
    refused = Error(Code::invalid_argument, "the child's id or input is longer than its limit");
  } else if (existing && !existing->terminal()) {
    refused = Error(Code::conflict, "the child's id '" + child.instance_id +
                                        "' belongs to an instance that has not ended");
  }
  if (refused) {
    return deliver(instance,
                   event(SubOrchestrationInstanceFailed{action.id, failure_from(*refused)}));
  }
  ExecutionStarted started;
  started.name = child.name;
  started.version = child.version;
  started.input = child.input;
  started.instance_id = child.instance_id;
  started.parent = ParentInstance{action.id, instance.name, instance.id, instance.execution_id};
  started.tags = child.tags;
  CF_CHECK(create(std::move(started), std::nullopt, instance.trace_parent));
  return Done{};
}

Status Engine::perform(Instance&, const Action&, const SendEvent& sent) {
  CF_TRY(Instance* const target, cache_.find(sent.instance_id));
  if (!target) return Done{};
  return deliver(*target, event(EventRaised{sent.name, sent.input}));
}

}  // namespace cloudfolio::durable

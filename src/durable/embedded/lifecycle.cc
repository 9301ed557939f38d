// Instances come and go: the client's verbs, children, ends, and starting over.

#include <algorithm>
#include <cstdio>

#include "durable/embedded/engine.h"
#include "telemetry/log.h"

namespace cloudfolio::durable {
namespace {

Status check_size(std::string_view what, std::size_t bytes, std::size_t bytes_max) {
  if (bytes <= bytes_max) return Done{};
  return Error(Code::invalid_argument, std::string(what) + " has " + std::to_string(bytes) +
                                           " bytes, more than the limit of " +
                                           std::to_string(bytes_max));
}

std::string trace_parent_of(const Context& ctx, Random& random) {
  if (ctx.trace().empty()) return {};
  char span[17];
  std::snprintf(span, sizeof span, "%016llx", static_cast<unsigned long long>(random.next() | 1));
  return "00-" + ctx.trace().str() + "-" + span + "-01";
}

Error live_conflict(const std::string& id) {
  return Error(Code::conflict, "orchestration instance '" + id + "' exists already");
}

}  // namespace

Result<InstanceId> Engine::start(const Context& ctx, StartOptions options) {
  CF_CHECK(check_size("the input", options.input.size(), kPayloadBytesMax));
  CF_CHECK(check_size("the instance id", options.instance.str().size(), kInstanceIdBytesMax));
  if (!registry_.find_orchestration(options.name, options.version)) {
    return Error(Code::invalid_argument, "no orchestration '" + options.name + "' (version '" +
                                             options.version + "') is registered");
  }
  if (options.instance.empty()) options.instance = InstanceId(new_execution_id());
  CF_TRY(Instance* const existing, cache_.find(options.instance.str()));
  if (existing) {
    const bool live = !existing->terminal();
    if (options.reuse == Reuse::never || (live && options.reuse != Reuse::any)) {
      return live_conflict(existing->id);
    }
    if (live) {
      CF_CHECK(terminate_now(*existing, ExecutionTerminated{"replaced", false}));
    }
  }
  if (!ctx.tenant().empty()) options.tags.try_emplace("tenant", ctx.tenant().str());
  ExecutionStarted started;
  started.name = std::move(options.name);
  started.version = std::move(options.version);
  started.input = std::move(options.input);
  started.instance_id = options.instance.str();
  started.scheduled_start = options.start_at;
  started.tags = std::move(options.tags);
  CF_CHECK(create(std::move(started), options.start_at, trace_parent_of(ctx, random_)));
  return options.instance;
}

// Takes the place of an instance of that id, which must have ended.
Result<Instance*> Engine::create(ExecutionStarted started, std::optional<Clock::WallTime> start_at,
                                 std::string trace_parent) {
  CF_TRY(Instance* const existing, cache_.find(started.instance_id));
  if (existing) {
    CF_CHECK(journal_.remove(existing->key));
  }
  started.execution_id = new_execution_id();
  started.trace_parent = trace_parent;
  InstanceRow row;
  row.id = started.instance_id;
  row.execution_id = started.execution_id;
  row.name = started.name;
  row.version = started.version;
  row.created = row.updated = clock_.wall_time();
  row.parent = started.parent;
  row.trace_parent = std::move(trace_parent);
  row.tags = started.tags;
  CF_CHECK(journal_.insert(row));
  Instance& instance = cache_.put(std::move(row));
  metrics_.started.with({instance.name}).add();
  log_.info(context_of(instance), "orchestration.started", {{"orchestration", instance.name}});
  auto first = event(std::move(started));
  if (start_at && *start_at > first.timestamp) {
    CF_CHECK(schedule(instance, std::move(first), *start_at));
  } else {
    CF_CHECK(deliver(instance, std::move(first)));
  }
  return &instance;
}

Status Engine::schedule(Instance& instance, HistoryEvent message, Clock::WallTime due) {
  MessageRow row{journal_.next_seq(), instance.key, due, std::move(message)};
  CF_CHECK(journal_.insert_message(row));
  timers_.push(Timer{due, row.seq});
  return Done{};
}

Status Engine::raise_event(const InstanceId& id, std::string name, std::string payload) {
  CF_CHECK(check_size("the event", payload.size(), kPayloadBytesMax));
  CF_CHECK(check_size("the event's name", name.size(), kNameBytesMax));
  CF_TRY(Instance* const instance, get(id));
  return deliver(*instance, event(EventRaised{std::move(name), std::move(payload)}));
}

Status Engine::suspend(const InstanceId& id, std::string reason) {
  CF_TRY(Instance* const instance, get(id));
  return deliver(*instance, event(ExecutionSuspended{std::move(reason)}));
}

Status Engine::resume(const InstanceId& id, std::string reason) {
  CF_TRY(Instance* const instance, get(id));
  if (instance->terminal()) return Done{};
  if (!instance->stalled) return deliver(*instance, event(ExecutionResumed{std::move(reason)}));
  instance->stalled.reset();
  CF_CHECK(journal_.update(*instance));
  make_ready(*instance);
  return Done{};
}

Status Engine::terminate(const InstanceId& id, std::string output, Recurse recurse) {
  CF_CHECK(check_size("the output", output.size(), kPayloadBytesMax));
  CF_TRY(Instance* const instance, get(id));
  if (instance->terminal()) return Done{};
  ExecutionTerminated terminated{std::move(output), recurse == Recurse::with_children};
  const bool has_not_begun = instance->chunks_count == 0 && !instance->has_work();
  if (instance->stalled || has_not_begun) return terminate_now(*instance, std::move(terminated));
  return deliver(*instance, event(std::move(terminated)));
}

Status Engine::terminate_now(Instance& instance, ExecutionTerminated terminated) {
  History events;
  if (instance.chunks_count == 0) {  // Its start is the first of its history.
    CF_TRY(auto messages, journal_.messages_of(instance.key));
    for (const Message& message : instance.inbox) messages.push_back({0, 0, {}, message.event});
    for (auto& message : messages) {
      const bool begins = std::holds_alternative<ExecutionStarted>(message.event.body);
      if (begins && events.empty()) events.push_back(std::move(message.event));
    }
  }
  const bool recurse = terminated.recurse;
  ExecutionCompleted end{OrchestrationStatus::terminated, terminated.output, std::nullopt};
  events.push_back(event(std::move(terminated)));
  const std::string output = end.result;
  CF_CHECK(force_end(instance, std::move(events), std::move(end)));
  return recurse ? terminate_children(instance, output) : Status(Done{});
}

Status Engine::terminate_children(const Instance& instance, const std::string& output) {
  CF_TRY(const auto children, journal_.live_children(instance.key));
  for (const std::string& child : children) {
    CF_CHECK(terminate(InstanceId(child), output, Recurse::with_children));
  }
  return Done{};
}

Status Engine::force_end(Instance& instance, History events, ExecutionCompleted end) {
  events.insert(events.begin(), event(OrchestratorStarted{}));
  events.push_back(event(end));
  events.back().event_id = instance.last_event_id + 1;
  CF_CHECK(append(instance, events));
  return finish(instance, end);
}

Status Engine::finish(Instance& instance, const ExecutionCompleted& end) {
  instance.status = end.status;
  instance.completed = instance.updated;
  instance.stalled.reset();
  instance.inbox.clear();
  instance.live.reset();
  CF_TRY(const auto open_tasks, journal_.clear_pending(instance.key));
  if (open_tasks > 0) effects_.cancel.push_back(instance.execution_id);
  CF_CHECK(journal_.update(instance));
  changed(instance);
  metrics_.ended.with({instance.name, to_string(end.status)}).add();
  const auto seconds = instance.updated - instance.created;
  if (end.failure) {
    log_.warn(context_of(instance), "orchestration.ended",
              {{"orchestration", instance.name},
               {"status", to_string(end.status)},
               {"code", end.failure->type},
               {"message", end.failure->message},
               {"seconds", seconds}});
  } else {
    log_.info(context_of(instance), "orchestration.ended",
              {{"orchestration", instance.name},
               {"status", to_string(end.status)},
               {"seconds", seconds}});
  }
  return tell_parent(instance, end);
}

Status Engine::tell_parent(const Instance& instance, const ExecutionCompleted& end) {
  if (!instance.parent) return Done{};
  CF_TRY(Instance* const parent, cache_.find(instance.parent->instance_id));
  if (!parent || parent->execution_id != instance.parent->execution_id) return Done{};
  const auto task = instance.parent->task_scheduled_id;
  if (end.status == OrchestrationStatus::completed) {
    return deliver(*parent, event(SubOrchestrationInstanceCompleted{task, end.result}));
  }
  auto failure = end.failure.value_or(
      failure_from(Error(Code::cancelled, "'" + instance.id + "' was terminated")));
  return deliver(*parent, event(SubOrchestrationInstanceFailed{task, std::move(failure)}));
}

// The same instance with a new execution. What others sent it stays; what belongs to the old
// execution (results, timers) goes.
Status Engine::continue_as_new(Instance& instance, const CompleteOrchestration& end) {
  CF_TRY(const auto open_tasks, journal_.clear_pending(instance.key));
  if (open_tasks > 0) effects_.cancel.push_back(instance.execution_id);
  CF_CHECK(journal_.clear_history(instance.key));
  metrics_.ended.with({instance.name, to_string(end.status)}).add();

  ExecutionStarted started;
  started.name = instance.name;
  started.version = instance.version;
  started.input = end.result;
  started.instance_id = instance.id;
  started.execution_id = instance.execution_id = new_execution_id();
  started.parent = instance.parent;
  started.trace_parent = instance.trace_parent;
  started.tags = instance.tags;
  instance.live.reset();
  instance.chunks_count = instance.events_count = instance.history_bytes = 0;
  instance.last_event_id = 0;

  auto arrived = std::exchange(instance.inbox, {});
  CF_CHECK(deliver(instance, event(std::move(started))));
  for (const HistoryEvent& kept : end.carryover) {
    CF_CHECK(deliver(instance, kept));
  }
  for (Message& message : arrived) {
    const auto& body = message.event.body;
    const bool from_outside = std::holds_alternative<EventRaised>(body) ||
                              std::holds_alternative<ExecutionResumed>(body) ||
                              std::holds_alternative<ExecutionSuspended>(body) ||
                              std::holds_alternative<ExecutionTerminated>(body);
    if (from_outside) {
      CF_CHECK(deliver(instance, std::move(message.event)));
    }
  }
  return journal_.update(instance);
}

Result<bool> Engine::purge(const InstanceId& id) {
  CF_TRY(Instance* const instance, cache_.find(id.str()));
  if (!instance) return false;
  if (!instance->terminal()) {
    return Error(Code::conflict,
                 "orchestration instance '" + id.str() + "' has not ended: terminate it first");
  }
  CF_CHECK(journal_.remove(instance->key));
  std::erase(holding_, instance);
  std::erase(ready_, instance);
  cache_.forget(id.str());
  return true;
}

Result<std::size_t> Engine::purge_finished(Clock::WallTime completed_before,
                                           std::size_t count_max) {
  CF_TRY(const auto ids, journal_.finished_before(completed_before, count_max));
  for (const std::string& id : ids) {
    CF_CHECK(purge(InstanceId(id)));
  }
  return ids.size();
}

Result<OrchestrationStatus> Engine::status_of(const InstanceId& id) {
  CF_TRY(Instance* const instance, get(id));
  return instance->status;
}

}  // namespace cloudfolio::durable

#include "durable/embedded/engine.h"

#include <cstdio>

#include "telemetry/log.h"
#include "telemetry/trace.h"

namespace cloudfolio::durable {

Engine::Engine(Parts parts)
    : options_(parts.options),
      registry_(parts.registry),
      clock_(parts.clock),
      random_(parts.random),
      journal_(parts.journal),
      metrics_(parts.metrics),
      log_(parts.log),
      cache_(parts.journal, parts.options.live_bytes_max) {}

// --- The batch ---------------------------------------------------------------------------------

Result<Effects> Engine::recover() {
  auto effects = try_to_recover();
  if (!effects) abort();
  return effects;
}

Result<Effects> Engine::try_to_recover() {
  retries_stalled_ = true;
  CF_CHECK(begin());
  retries_stalled_ = false;
  CF_TRY(const auto tasks, journal_.tasks());
  for (const TaskRow& row : tasks) {
    CF_TRY(Instance* const instance, cache_.find(row.instance_key));
    if (!instance) continue;
    const auto task_id = row.scheduled.event_id;
    auto task = task_of(*instance, row.scheduled, row.attempt + 1);
    if (row.attempt >= options_.activity_attempts_count_max) {
      CF_CHECK(
          accept(task, Error(Code::internal, "the process ended " + std::to_string(row.attempt) +
                                                 " times while '" + task.info.name +
                                                 "' was running: it is not tried again")));
      continue;
    }
    CF_CHECK(journal_.set_attempt(row.instance_key, task_id, row.attempt + 1));
    effects_.dispatch.push_back(std::move(task));
  }
  CF_CHECK(fire_due_timers());
  CF_CHECK(run_ready());
  return commit();
}

Status Engine::begin() {
  if (must_load_) {
    auto loaded = load();
    if (!loaded) return loaded;
    must_load_ = false;
  }
  effects_ = {};
  turns_count_ = 0;
  return journal_.begin();
}

// What waits, from the log: all timers, and every message that somebody can take.
Status Engine::load() {
  ready_.clear();
  holding_.clear();
  cache_.clear();
  timers_ = {};
  CF_TRY(auto messages, journal_.messages());
  const auto now = clock_.wall_time();
  for (MessageRow& row : messages) {
    if (row.due && *row.due > now) {
      timers_.push(Timer{*row.due, row.seq});
      continue;
    }
    CF_TRY(Instance* const instance, cache_.find(row.instance_key));
    if (!instance || instance->terminal()) continue;
    if (retries_stalled_) instance->stalled.reset();
    CF_CHECK(deliver(*instance, std::move(row.event), row.seq));
  }
  return Done{};
}

Result<Effects> Engine::commit() {
  auto written = write_held_messages();
  if (written) written = journal_.commit();
  if (!written) {
    abort();
    return std::move(written).error();
  }
  metrics_.commits.add();
  for (const Effects::Change& change : effects_.changes) {
    if (is_terminal(change.status)) cache_.forget_if_idle(change.instance_id);
  }
  cache_.trim();
  return std::move(effects_);
}

void Engine::abort() {
  journal_.roll_back();
  must_load_ = true;
  effects_ = {};
  ready_.clear();
  holding_.clear();
  cache_.clear();
}

// Messages that no turn of this batch took are written, so that they survive with it.
Status Engine::write_held_messages() {
  for (Instance* const instance : holding_) {
    instance->holding = false;
    for (Message& message : instance->inbox) {
      if (message.seq != 0) continue;
      message.seq = journal_.next_seq();
      MessageRow row{message.seq, instance->key, std::nullopt, message.event};
      CF_CHECK(journal_.insert_message(row));
    }
  }
  holding_.clear();
  return Done{};
}

Status Engine::run_ready() {
  while (!ready_.empty() && turns_count_ < options_.turns_per_commit_count_max) {
    Instance* const instance = ready_.front();
    ready_.pop_front();
    instance->queued = false;
    if (!instance->has_work()) continue;
    ++turns_count_;
    CF_CHECK(run_turn(*instance));
    make_ready(*instance);
  }
  return Done{};
}

// --- Delivery ----------------------------------------------------------------------------------

Status Engine::deliver(Instance& instance, HistoryEvent event, std::int64_t seq) {
  if (instance.terminal()) {
    if (seq != 0) return journal_.remove_message(seq);
    return Done{};
  }
  // What was sent before a scheduled start came waits behind it.
  const bool begins = std::holds_alternative<ExecutionStarted>(event.body);
  Message message{std::move(event), seq};
  if (begins) {
    instance.inbox.push_front(std::move(message));
  } else {
    instance.inbox.push_back(std::move(message));
  }
  if (!instance.holding) {
    instance.holding = true;
    holding_.push_back(&instance);
  }
  make_ready(instance);
  return Done{};
}

void Engine::make_ready(Instance& instance) {
  if (instance.queued || !instance.has_work()) return;
  instance.queued = true;
  ready_.push_back(&instance);
}

Status Engine::accept(const ActivityTask& task, const Result<std::string>& result) {
  CF_TRY(Instance* const instance, cache_.find(task.info.instance_id));
  if (!instance || instance->terminal() || instance->execution_id != task.info.execution_id) {
    return Done{};
  }
  CF_TRY(const bool waited_for, journal_.remove_task(instance->key, task.info.task_id));
  if (!waited_for) return Done{};
  metrics_.activities.with({task.info.name, result ? "ok" : "error"}).add();
  if (!result) {
    log_.warn(context_of(*instance), "activity.failed",
              {{"activity", task.info.name},
               {"task_id", task.info.task_id},
               {"code", result.error().code()},
               {"message", result.error()}});
    return deliver(*instance, event(TaskFailed{task.info.task_id, failure_from(result.error())}));
  }
  if (result->size() > kPayloadBytesMax) {
    const Error too_big(Code::invalid_argument,
                        "'" + task.info.name + "' returned " + std::to_string(result->size()) +
                            " bytes, more than the limit of " + std::to_string(kPayloadBytesMax) +
                            ": return a reference to stored data instead");
    return deliver(*instance, event(TaskFailed{task.info.task_id, failure_from(too_big)}));
  }
  return deliver(*instance, event(TaskCompleted{task.info.task_id, *result}));
}

Status Engine::fire_due_timers() {
  const auto now = clock_.wall_time();
  while (!timers_.empty() && timers_.top().due <= now) {
    const auto seq = timers_.top().seq;
    timers_.pop();
    CF_TRY(auto message, journal_.find_message(seq));
    if (!message) continue;  // Its execution has ended.
    CF_TRY(Instance* const instance, cache_.find(message->instance_key));
    if (instance) {
      CF_CHECK(deliver(*instance, std::move(message->event), seq));
    }
  }
  return Done{};
}

std::optional<Clock::WallTime> Engine::next_due() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.top().due;
}

// --- Small things ------------------------------------------------------------------------------

Result<Instance*> Engine::get(const InstanceId& id) {
  CF_TRY(Instance* const instance, cache_.find(id.str()));
  if (!instance) return Error(Code::not_found, "no orchestration instance '" + id.str() + "'");
  return instance;
}

void Engine::changed(const Instance& instance) {
  effects_.changes.push_back({instance.id, instance.status});
}

HistoryEvent Engine::event(EventBody body) const {
  return HistoryEvent{kNoEventId, clock_.wall_time(), std::move(body)};
}

std::string Engine::new_execution_id() {
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx",
                static_cast<unsigned long long>(random_.next()),
                static_cast<unsigned long long>(random_.next()));
  return text;
}

ActivityTask Engine::task_of(const Instance& instance, const HistoryEvent& scheduled,
                             int attempt) const {
  const auto& task = std::get<TaskScheduled>(scheduled.body);
  ActivityTask out;
  out.info.name = task.name;
  out.info.instance_id = instance.id;
  out.info.execution_id = instance.execution_id;
  out.info.task_id = scheduled.event_id;
  out.info.attempt = attempt;
  out.info.tags = instance.tags;
  out.version = task.version;
  out.input = task.input;
  out.trace = context_of(instance).trace();
  return out;
}

Context Engine::context_of(const InstanceRow& row) const {
  Context ctx;
  ctx = ctx.with_instance(InstanceId(row.id));
  const auto tenant = row.tags.find("tenant");
  if (tenant != row.tags.end()) ctx = ctx.for_tenant(TenantId(tenant->second));
  const auto trace = telemetry::parse_traceparent(row.trace_parent);
  return trace ? ctx.with_trace(trace->trace) : ctx;
}

}  // namespace cloudfolio::durable

#include "durable/execution.h"

#include <cstdio>
#include <type_traits>

#include "base/ensure.h"

namespace cloudfolio::durable {
namespace {

// FNV-1a, 64 bits: turns an execution id into a seed, the same on every platform.
std::uint64_t hash(std::string_view text, std::uint64_t seed) {
  for (const char c : text) {
    seed ^= static_cast<unsigned char>(c);
    seed *= 1099511628211u;
  }
  return seed;
}
constexpr std::uint64_t kHashBasis = 14695981039346656037u;

bool may_arrive_while_suspended(const EventBody& body) {
  return std::holds_alternative<ExecutionResumed>(body) ||
         std::holds_alternative<ExecutionTerminated>(body);
}

}  // namespace

Execution::~Execution() {
  // Coroutines first: their destructors may still call the context.
  spawned_.clear();
  root_.reset();
}

Status Execution::replay(std::span<const HistoryEvent> past) {
  replaying_ = true;
  for (const HistoryEvent& event : past) {
    const bool turn_begins = std::holds_alternative<OrchestratorStarted>(event.body);
    if (turn_begins && !suspended_) {
      CF_CHECK(ensure_all_echoed("nothing more in this turn"));
    }
    CF_CHECK(take(event));
  }
  if (!suspended_) {
    CF_CHECK(ensure_all_echoed("nothing more"));
  }
  custom_status_.reset();
  return Done{};
}

Result<Turn> Execution::run(std::span<const HistoryEvent> fresh) {
  replaying_ = false;
  for (const HistoryEvent& event : fresh) {
    CF_CHECK(take(event));
  }
  if (!has_started_) {
    return Error(Code::corrupt, "a history that does not begin with ExecutionStarted");
  }
  return Turn{collect(), std::exchange(custom_status_, {})};
}

std::size_t Execution::live_bytes() const {
  constexpr std::size_t kFixedBytes = 2'048;  // Frame, maps, cells of a small orchestration.
  return kFixedBytes + payload_bytes_ + open_.size() * 128;
}

// Feeds one event and lets the coroutine run until it waits again: so every completion is seen, and
// acted upon, before the next one.
Status Execution::take(const HistoryEvent& event) {
  if (suspended_ && !may_arrive_while_suspended(event.body)) {
    held_back_.push_back(event);
    return Done{};
  }
  const auto status = std::visit(
      [&](const auto& body) -> Status {
        using Body = std::remove_cvref_t<decltype(body)>;
        if constexpr (std::is_same_v<Body, OrchestratorStarted>) {
          now_ = event.timestamp;
        } else if constexpr (std::is_same_v<Body, ExecutionStarted>) {
          return on(event, body);
        } else if constexpr (std::is_same_v<Body, TaskScheduled> ||
                             std::is_same_v<Body, TimerCreated> ||
                             std::is_same_v<Body, SubOrchestrationInstanceCreated> ||
                             std::is_same_v<Body, EventSent>) {
          return on_echo(event);
        } else if constexpr (std::is_same_v<Body, TaskCompleted> ||
                             std::is_same_v<Body, SubOrchestrationInstanceCompleted>) {
          on_outcome(body.task_scheduled_id, Outcome{body.result});
        } else if constexpr (std::is_same_v<Body, TaskFailed> ||
                             std::is_same_v<Body, SubOrchestrationInstanceFailed>) {
          on_outcome(body.task_scheduled_id,
                     Outcome{error_from(body.failure), body.failure.non_retriable});
        } else if constexpr (std::is_same_v<Body, TimerFired>) {
          on_outcome(body.timer_id, Outcome{std::string()});
        } else if constexpr (std::is_same_v<Body, EventRaised>) {
          payload_bytes_ += body.input.size();
          events_.raise(event, body);
        } else if constexpr (std::is_same_v<Body, ExecutionSuspended>) {
          suspended_ = true;
        } else if constexpr (std::is_same_v<Body, ExecutionResumed>) {
          return on_resumed();
        } else if constexpr (std::is_same_v<Body, ExecutionTerminated>) {
          on_terminated(body);
        }
        // ExecutionCompleted, ContinueAsNew, UnknownEvent: nothing to tell the coroutine.
        return Done{};
      },
      event.body);
  CF_CHECK(status);
  settle();
  return Done{};
}

Status Execution::on(const HistoryEvent&, const ExecutionStarted& started) {
  if (has_started_) return Done{};  // A duplicate.
  const Orchestrator* orchestrator = registry_.find_orchestration(started.name, started.version);
  if (!orchestrator) {
    return Error(Code::not_found, "no orchestration '" + started.name + "' (version '" +
                                      started.version +
                                      "') is registered here: deploy the code that has it");
  }
  has_started_ = true;
  started_ = started;
  payload_bytes_ += started.input.size();
  random_ = Random(hash(started.execution_id, kHashBasis));
  guids_ = Random(hash("guid", hash(started.execution_id, kHashBasis)));
  root_.emplace((*orchestrator)(context_, started.input));
  root_->start(loop_, {});
  return Done{};
}

Status Execution::on_echo(const HistoryEvent& event) {
  const auto at = pending_.find(event.event_id);
  if (at == pending_.end()) return non_deterministic(describe(event), "nothing with that id");
  if (!is_echo_of(event, at->second)) {
    return non_deterministic(describe(event), describe(at->second));
  }
  pending_.erase(at);
  return Done{};
}

void Execution::on_outcome(std::int32_t action_id, Outcome outcome) {
  const auto at = open_.find(action_id);
  if (at == open_.end()) return;  // A duplicate, or of something nobody knows: not ours to judge.
  const Then then = std::move(at->second);
  open_.erase(at);
  if (outcome.result) payload_bytes_ += outcome.result->size();
  if (!end_) then(std::move(outcome));
}

void Execution::on_terminated(const ExecutionTerminated& event) {
  suspended_ = false;
  held_back_.clear();
  if (end_) return;
  End end{++last_action_id_, {}};
  end.body.status = OrchestrationStatus::terminated;
  end.body.result = event.output;
  end_ = std::move(end);
}

Status Execution::on_resumed() {
  suspended_ = false;
  const History held = std::exchange(held_back_, {});
  // A second suspension among them holds the rest back again.
  for (const HistoryEvent& event : held) {
    CF_CHECK(take(event));
  }
  return Done{};
}

Status Execution::ensure_all_echoed(const std::string& expected) {
  if (pending_.empty() || end_) return Done{};
  return non_deterministic(expected, describe(pending_.begin()->second));
}

Error Execution::non_deterministic(const std::string& expected, const std::string& found) const {
  return Error(Code::conflict, "orchestration '" + started_.name + "' of instance '" +
                                   started_.instance_id +
                                   "' is not deterministic: expected (its history) " + expected +
                                   ", found (this code) " + found +
                                   ". Deploy the code that wrote the history, or terminate it");
}

// Runs whoever is ready, and notes the end.
void Execution::settle() {
  if (end_) return;
  loop_.drain();
  std::erase_if(spawned_, [](const Spawned& each) { return each.coroutine.done(); });
  if (!root_ || !root_->done()) return;
  End end{++last_action_id_, {}};
  auto result = root_->take_result();
  if (!result) {
    end.body.status = OrchestrationStatus::failed;
    end.body.failure = failure_from(result.error());
  } else if (next_input_) {
    end.body.status = OrchestrationStatus::continued_as_new;
    end.body.result = *std::move(next_input_);
  } else {
    end.body.result = *std::move(result);
  }
  end_ = std::move(end);
}

// The actions of this turn. With the last ones go no calls and timers: nobody could wait for them.
std::vector<Action> Execution::collect() {
  std::vector<Action> actions;
  if (suspended_) return actions;
  for (auto& [id, action] : pending_) {
    const bool is_awaited = std::holds_alternative<ScheduleTask>(action.body) ||
                            std::holds_alternative<CreateTimer>(action.body);
    if (end_ && is_awaited) continue;
    actions.push_back(std::move(action));
  }
  pending_.clear();
  if (!end_) return actions;
  if (end_->body.status == OrchestrationStatus::continued_as_new) {
    end_->body.carryover = events_.unconsumed();
  }
  actions.push_back(Action{end_->action_id, end_->body});
  return actions;
}

}  // namespace cloudfolio::durable

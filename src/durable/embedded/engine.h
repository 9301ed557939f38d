#pragma once
// The scheduler's state and rules, without threads: messages in, turns run, effects out.
//
//   CF_CHECK(engine.begin());
//   … start(), raise_event(), accept(), fire_due_timers() … run_ready() …
//   auto effects = engine.commit();     // one transaction; on an error nothing of it happened
//   // only now: dispatch activities, answer callers
//
// A batch that fails leaves the engine as after a restart: it forgets its memory and reads the log
// again. What was not acknowledged must be given again (results of activities, callers' commands).
//
// Threads: one at a time.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "durable/client.h"
#include "durable/dispatcher.h"
#include "durable/embedded/instance.h"
#include "durable/embedded/instance_cache.h"
#include "durable/embedded/journal.h"
#include "durable/embedded/metrics.h"
#include "durable/embedded/scheduler.h"

namespace cloudfolio::durable {

// What leaves the engine once its commit is durable.
struct Effects {
  struct Change {
    std::string instance_id;
    OrchestrationStatus status;
  };
  std::vector<ActivityTask> dispatch;
  std::vector<std::string> cancel;  // Executions that wait for no activity any more.
  std::vector<Change> changes;      // In the order in which they happened.
};

class Engine {
 public:
  struct Parts {
    const EmbeddedOptions& options;
    const Registry& registry;
    const Clock& clock;
    Random random;
    Journal& journal;
    DurableMetrics& metrics;
    telemetry::Log& log;
  };
  explicit Engine(Parts parts);

  // After opening: reads what is open, and gives every task for another attempt.
  Result<Effects> recover();

  Status begin();
  Result<Effects> commit();
  // Gives up the batch.
  void abort();

  // Client's verbs. An error of these alone does not spoil the batch; journal().broken() does.
  Result<InstanceId> start(const Context& ctx, StartOptions options);
  Status raise_event(const InstanceId& id, std::string name, std::string payload);
  Status terminate(const InstanceId& id, std::string output, Recurse recurse);
  Status suspend(const InstanceId& id, std::string reason);
  Status resume(const InstanceId& id, std::string reason);
  Status rewind(const InstanceId& id, std::string reason);
  Result<bool> purge(const InstanceId& id);
  Result<std::size_t> purge_finished(Clock::WallTime completed_before, std::size_t count_max);
  Result<OrchestrationStatus> status_of(const InstanceId& id);

  // A result of an activity; of one that nobody waits for, nothing happens.
  Status accept(const ActivityTask& task, const Result<std::string>& result);
  Status fire_due_timers();
  // Turns until nobody is ready or the commit is full.
  Status run_ready();

  bool has_ready() const { return !ready_.empty(); }
  std::optional<Clock::WallTime> next_due() const;
  std::size_t live_count() const { return cache_.live_count(); }
  std::size_t in_memory_count() const { return cache_.size(); }
  std::size_t timers_count() const { return timers_.size(); }

 private:
  struct Timer {
    Clock::WallTime due;
    std::int64_t seq;  // Of its message.
    bool operator>(const Timer& other) const {
      return due != other.due ? due > other.due : seq > other.seq;
    }
  };
  // A turn before it is recorded.
  struct Taken {
    History fresh;
    std::vector<std::int64_t> seqs;  // Messages that it consumes.
    OrchestrationStatus status = OrchestrationStatus::running;
    bool terminates_children = false;
  };

  // engine.cc: the batch.
  Result<Effects> try_to_recover();
  Status load();
  Status write_held_messages();
  Result<Instance*> get(const InstanceId& id);
  Status deliver(Instance& instance, HistoryEvent event, std::int64_t seq = 0);
  void make_ready(Instance& instance);
  void changed(const Instance& instance);
  HistoryEvent event(EventBody body) const;
  std::string new_execution_id();
  ActivityTask task_of(const Instance& instance, const HistoryEvent& scheduled, int attempt) const;
  Context context_of(const InstanceRow& row) const;

  // lifecycle.cc: instances come and go.
  Result<Instance*> create(ExecutionStarted started, std::optional<Clock::WallTime> start_at,
                           std::string trace_parent);
  Status schedule(Instance& instance, HistoryEvent message, Clock::WallTime due);
  Status finish(Instance& instance, const ExecutionCompleted& end);
  Status tell_parent(const Instance& instance, const ExecutionCompleted& end);
  Status continue_as_new(Instance& instance, const CompleteOrchestration& end);
  // Ends it without its code: events, then ExecutionCompleted.
  Status force_end(Instance& instance, History events, ExecutionCompleted end);
  Status terminate_now(Instance& instance, ExecutionTerminated event);
  Status terminate_children(const Instance& instance, const std::string& output);

  // rewind.cc: back to before the last failure.
  Status rewind(Instance& instance, const std::string& reason);
  Status begin_again(Instance& instance, History& kept);
  Status call_child_again(Instance& instance, const Action& call,
                          const CreateSubOrchestration& wanted, const std::string& reason);

  // turn.cc: one turn.
  Status run_turn(Instance& instance);
  Taken take_messages(Instance& instance);
  Result<Turn> run_code(Instance& instance, const History& fresh);
  Status compare_with_cold(Instance& instance, const History& fresh, const Turn& turn);
  Status stall(Instance& instance, const Error& error);
  Status record(Instance& instance, const Taken& taken, const Turn& turn);
  Status append(Instance& instance, const History& events);
  Status perform(Instance& instance, const std::vector<Action>& actions, const Taken& taken);
  Status perform(Instance& instance, const Action& action, const ScheduleTask& task);
  Status perform(Instance& instance, const Action& action, const CreateTimer& timer);
  Status perform(Instance& instance, const Action& action, const CreateSubOrchestration& child);
  Status perform(Instance& instance, const Action& action, const SendEvent& sent);

  const EmbeddedOptions& options_;
  const Registry& registry_;
  const Clock& clock_;
  Random random_;
  Journal& journal_;
  DurableMetrics& metrics_;
  telemetry::Log& log_;

  InstanceCache cache_;
  std::deque<Instance*> ready_;
  std::vector<Instance*> holding_;  // May have messages without a row.
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  Effects effects_;
  std::size_t turns_count_ = 0;  // In this batch.
  bool must_load_ = true;
  bool retries_stalled_ = false;  // The next load is the first of this process.
};

}  // namespace cloudfolio::durable

#pragma once
// The durable engine in this process: a SQLite log, a scheduler, and a pool that runs activities.
//
// Promises: a turn's effects (history, scheduled activities, timers, messages to other instances,
// status) become durable in one transaction, exactly once; nothing leaves the process before that.
// Activities run at least once; each TaskScheduled gets exactly one TaskCompleted or TaskFailed.
// Whatever was acknowledged survives `kill -9` and power loss (WAL, full sync), and open() goes on
// from there. One process at a time owns a directory: a second open() is a conflict.
// When the disk refuses a commit, callers get Code::unavailable, finished activities keep their
// results, and the scheduler tries again until the disk recovers.
//
// Threads: one owner thread holds all runtime state and writes; it sleeps until a message, a result
// or a timer is due (no polling). Everything that arrived while the last commit was synced shares
// the next one. Client's methods are thread-safe. Lifetime: Registry, Clock, Log and MetricRegistry
// outlive it. The destructor stops it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/limits.h"
#include "base/random.h"
#include "durable/client.h"
#include "durable/dispatcher.h"
#include "durable/registry.h"

namespace cloudfolio::telemetry {
class Log;
class MetricRegistry;
}  // namespace cloudfolio::telemetry

namespace cloudfolio::durable {

struct EmbeddedOptions {
  std::filesystem::path directory;  // Created if absent; holds `orchestrations.db`.
  // Threads of every activity pool that the registry gives no number.
  int activity_threads_count = 8;
  // Live coroutines kept between turns; beyond it the least recently used are dropped and replayed.
  std::size_t live_bytes_max = 256 * kMiB;
  // A history longer than this fails its instance: continue-as-new is the way to run for ever.
  std::size_t history_events_count_max = 50'000;
  std::size_t history_bytes_max = 50 * kMiB;
  // Turns that share one commit at most.
  std::size_t turns_per_commit_count_max = 512;
  // An activity that ended the process this often fails instead of running again.
  int activity_attempts_count_max = 100;
  // Replays every turn cold beside the live coroutine and stalls where they differ. Slow: for
  // tests.
  bool compares_live_and_cold = false;
  // Puts another dispatcher around the pools of this process, for activities that run elsewhere.
  using AroundPools = std::function<Result<std::unique_ptr<ActivityDispatcher>>(
      std::unique_ptr<ActivityDispatcher> pools)>;
  AroundPools around_pools;
  // Asked before every write and commit, by its name; an error is what the disk says. For tests.
  std::function<Status(std::string_view operation)> disk_fault;
};

class Embedded : public Client {
 public:
  // `dispatcher` null: pools of this process. corrupt: the file is not ours or is damaged;
  // conflict: another process has it open; unavailable: the directory cannot be used.
  static Result<std::unique_ptr<Embedded>> open(
      EmbeddedOptions options, const Registry& registry, const Clock& clock, Random random,
      telemetry::Log& log, telemetry::MetricRegistry& metrics,
      std::unique_ptr<ActivityDispatcher> dispatcher = {});

  // Stops taking work, asks activities to stop, records what they still return, closes the file.
  // Interrupted activities run again after the next open(). Idempotent.
  virtual void stop() = 0;
  // Tells the scheduler that the clock jumped: for tests with a ManualClock.
  virtual void clock_moved() = 0;
  // Instances whose coroutine is alive in memory.
  virtual std::size_t live_count() const = 0;
};

}  // namespace cloudfolio::durable

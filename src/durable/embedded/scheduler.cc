#include "durable/embedded/scheduler.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "durable/embedded/engine.h"
#include "durable/embedded/journal.h"
#include "durable/embedded/journal_reader.h"
#include "durable/embedded/mailbox.h"
#include "durable/embedded/metrics.h"
#include "durable/embedded/pool_dispatcher.h"
#include "telemetry/log.h"

namespace cloudfolio::durable {
namespace {

using std::chrono::nanoseconds;

// The owner looks at the wall clock at least this often while a timer waits: somebody may have set
// it.
constexpr auto kClockLookMax = std::chrono::minutes(1);
constexpr auto kRetryDelayMin = std::chrono::milliseconds(50);
constexpr auto kRetryDelayMax = std::chrono::seconds(5);

Error stopping() {
  return Error(Code::unavailable,
               "the orchestration engine is stopping; the same call succeeds "
               "once it runs again");
}

bool satisfied(Until until, OrchestrationStatus status) {
  return until == Until::finished ? is_terminal(status) : status != OrchestrationStatus::pending;
}

class Scheduler final : public Embedded, private ActivityResults {
 public:
  Scheduler(EmbeddedOptions options, const Registry& registry, const Clock& clock, Random random,
            telemetry::Log& log, telemetry::MetricRegistry& metrics,
            std::unique_ptr<Journal> journal, std::unique_ptr<JournalReader> reader,
            std::unique_ptr<ActivityDispatcher> dispatcher)
      : options_(std::move(options)),
        clock_(clock),
        log_(log),
        metrics_(metrics, registry),
        journal_(std::move(journal)),
        reader_(std::move(reader)),
        dispatcher_(std::move(dispatcher)),
        engine_({options_, registry, clock, random, *journal_, metrics_, log}) {
    if (!dispatcher_) {
      dispatcher_ = std::make_unique<PoolDispatcher>(registry, clock,
                                                     options_.activity_threads_count, metrics_);
    }
  }
  ~Scheduler() override { stop(); }

  // Reads what is open and starts the owner.
  Status begin() {
    if (options_.around_pools) {
      CF_TRY(dispatcher_, options_.around_pools(std::move(dispatcher_)));
    }
    CF_TRY(auto effects, engine_.recover());
    release(std::move(effects));
    owner_ = std::thread([this] { own(); });
    return Done{};
  }

  Result<InstanceId> start(const Context& ctx, StartOptions options) override {
    return ask<InstanceId>(ctx, [ctx, options = std::move(options)](Engine& engine) {
      return engine.start(ctx, options);
    });
  }
  Result<std::optional<OrchestrationState>> get(const Context&, const InstanceId& instance,
                                                Include include) override {
    return reader_->get(instance.str(), include);
  }
  Result<OrchestrationState> wait(const Context& ctx, const InstanceId& instance,
                                  Until until) override;
  Status raise_event(const Context& ctx, const InstanceId& instance, std::string name,
                     std::string payload) override {
    return ask<Done>(ctx,
                     [=](Engine& engine) { return engine.raise_event(instance, name, payload); });
  }
  Status terminate(const Context& ctx, const InstanceId& instance, std::string output,
                   Recurse recurse) override {
    return ask<Done>(ctx,
                     [=](Engine& engine) { return engine.terminate(instance, output, recurse); });
  }
  Status suspend(const Context& ctx, const InstanceId& instance, std::string reason) override {
    return ask<Done>(ctx, [=](Engine& engine) { return engine.suspend(instance, reason); });
  }
  Status resume(const Context& ctx, const InstanceId& instance, std::string reason) override {
    return ask<Done>(ctx, [=](Engine& engine) { return engine.resume(instance, reason); });
  }
  Status rewind(const Context& ctx, const InstanceId& instance, std::string reason) override {
    return ask<Done>(ctx, [=](Engine& engine) { return engine.rewind(instance, reason); });
  }
  Result<bool> purge(const Context& ctx, const InstanceId& instance) override {
    CF_TRY(const bool purged,
           ask<bool>(ctx, [=](Engine& engine) { return engine.purge(instance); }));
    if (purged) CF_CHECK(empty_journal_log(options_.directory));
    return purged;
  }
  Result<std::size_t> purge_finished(const Context& ctx, Clock::WallTime completed_before,
                                     std::size_t count_max) override {
    CF_TRY(const std::size_t count, ask<std::size_t>(ctx, [=](Engine& engine) {
             return engine.purge_finished(completed_before, count_max);
           }));
    if (count > 0) CF_CHECK(empty_journal_log(options_.directory));
    return count;
  }
  Result<QueryPage> query(const Context&, const QueryFilter& filter, std::size_t count_max,
                          std::string from) override {
    return reader_->query(filter, count_max, from);
  }
  Result<History> history(const Context&, const InstanceId& instance) override {
    return reader_->history(instance.str());
  }

  void stop() override;
  void clock_moved() override { mailbox_.nudge(); }
  std::size_t live_count() const override { return live_count_.load(); }

 private:
  struct Waiter {
    Until until;
    std::weak_ptr<Call> call;
  };

  // Runs `verb` on the owner's thread and waits until it is durable.
  template <class T>
  Result<T> ask(const Context& ctx, std::function<Result<T>(Engine&)> verb);
  Status wait_for(const Context& ctx, Call& call);

  // ActivityResults, from the pools' threads.
  void report(const ActivityTask& task, Result<std::string> result) override {
    mailbox_.put(ActivityReport{task, std::move(result)});
  }

  // The owner's thread.
  void own();
  std::optional<nanoseconds> time_to_wait() const;
  void run_batch(Mailbox::Arrivals arrivals);
  Result<Effects> try_batch(const Mailbox::Arrivals& arrivals,
                            std::vector<std::optional<Status>>& answers);
  void release(Effects effects);
  void fail_batch(Mailbox::Arrivals arrivals, const std::vector<std::optional<Status>>& answers,
                  const Error& error);
  void notify(const Effects::Change& change);

  const EmbeddedOptions options_;
  const Clock& clock_;
  telemetry::Log& log_;
  DurableMetrics metrics_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<JournalReader> reader_;
  std::unique_ptr<ActivityDispatcher> dispatcher_;
  Mailbox mailbox_;
  std::atomic<std::size_t> live_count_{0};
  std::once_flag stopped_;
  std::thread owner_;

  // The owner's.
  Engine engine_;
  std::unordered_map<std::string, std::vector<Waiter>> waiters_;
  std::vector<ActivityReport> unrecorded_;  // Of batches that failed.
  bool closed_ = false;
  std::optional<Clock::Instant> retry_at_;
  std::chrono::milliseconds retry_delay_ = kRetryDelayMin;
};

template <class T>
Result<T> Scheduler::ask(const Context& ctx, std::function<Result<T>(Engine&)> verb) {
  struct Asked {
    Call call;
    std::optional<Result<T>> result;
  };
  const auto asked = std::make_shared<Asked>();
  Command command;
  command.call = std::shared_ptr<Call>(asked, &asked->call);
  command.run = [asked = asked.get(), verb = std::move(verb)](Engine& engine) -> Status {
    asked->result.emplace(verb(engine));
    if (!*asked->result) return asked->result->error();
    return Done{};
  };
  if (!mailbox_.put(std::move(command))) return stopping();
  CF_CHECK(wait_for(ctx, asked->call));
  return *std::move(asked->result);
}

Status Scheduler::wait_for(const Context& ctx, Call& call) {
  const std::stop_callback cancel(ctx.stop_token(), [&call] {
    call.answer(Error(Code::cancelled, "stopped while waiting for an orchestration"));
  });
  constexpr nanoseconds kSliceMax = std::chrono::hours(1);  // A far deadline does not overflow.
  while (true) {
    const nanoseconds left = ctx.deadline() - clock_.now();
    if (auto answer = call.wait_for(std::clamp(left, nanoseconds(0), kSliceMax))) {
      return *std::move(answer);
    }
    if (left.count() <= 0) {
      return Error(Code::deadline_exceeded, "the orchestration engine did not answer in time");
    }
  }
}

Result<OrchestrationState> Scheduler::wait(const Context& ctx, const InstanceId& instance,
                                           Until until) {
  const auto call = std::make_shared<Call>();
  CF_CHECK(ask<Done>(ctx, [this, instance, until, call](Engine& engine) -> Status {
    CF_TRY(const auto status, engine.status_of(instance));
    if (satisfied(until, status)) {
      call->answer(Done{});
    } else {
      auto& waiters = waiters_[instance.str()];
      std::erase_if(waiters, [](const Waiter& waiter) { return waiter.call.expired(); });
      waiters.push_back(Waiter{until, call});
    }
    return Done{};
  }));
  CF_CHECK(wait_for(ctx, *call));
  CF_TRY(auto state, reader_->get(instance.str(), Include::payloads));
  if (state) return *std::move(state);
  return Error(Code::not_found, "orchestration instance '" + instance.str() + "' was purged");
}

void Scheduler::stop() {
  std::call_once(stopped_, [this] {
    dispatcher_->stop();
    mailbox_.close();
    if (owner_.joinable()) owner_.join();
    const Status answer = stopping();
    for (auto& [id, waiters] : waiters_) {
      for (const Waiter& waiter : waiters) {
        if (const auto call = waiter.call.lock()) call->answer(answer);
      }
    }
  });
}

// --- The owner's thread ------------------------------------------------------------------------

void Scheduler::own() {
  while (true) {
    auto arrivals = mailbox_.take(time_to_wait());
    const bool last = arrivals.closed;
    closed_ = last;
    run_batch(std::move(arrivals));
    live_count_.store(engine_.live_count());
    metrics_.instances_in_memory.set(static_cast<double>(engine_.in_memory_count()));
    metrics_.timers_waiting.set(static_cast<double>(engine_.timers_count()));
    metrics_.activities_waiting.set(static_cast<double>(dispatcher_->waiting_count()));
    if (last) return;
  }
}

std::optional<nanoseconds> Scheduler::time_to_wait() const {
  std::optional<nanoseconds> wait;
  if (engine_.has_ready()) {
    wait = nanoseconds(0);
  } else if (const auto due = engine_.next_due()) {
    wait = std::clamp<nanoseconds>(*due - clock_.wall_time(), nanoseconds(0), kClockLookMax);
  }
  if (!retry_at_) return wait;
  return std::max<nanoseconds>(*retry_at_ - clock_.now(), nanoseconds(0));
}

void Scheduler::run_batch(Mailbox::Arrivals arrivals) {
  std::move(arrivals.reports.begin(), arrivals.reports.end(), std::back_inserter(unrecorded_));
  arrivals.reports = std::exchange(unrecorded_, {});
  std::vector<std::optional<Status>> answers(arrivals.commands.size());
  auto effects = try_batch(arrivals, answers);
  if (!effects) {
    fail_batch(std::move(arrivals), answers, effects.error());
    return;
  }
  if (retry_at_) log_.info({}, "durable.log_recovered");
  retry_at_.reset();
  retry_delay_ = kRetryDelayMin;
  release(*std::move(effects));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    arrivals.commands[i].call->answer(*std::move(answers[i]));
  }
}

Result<Effects> Scheduler::try_batch(const Mailbox::Arrivals& arrivals,
                                     std::vector<std::optional<Status>>& answers) {
  CF_CHECK(engine_.begin());
  for (const ActivityReport& report : arrivals.reports) {
    CF_CHECK(engine_.accept(report.task, report.result));
  }
  for (std::size_t i = 0; i < arrivals.commands.size(); ++i) {
    answers[i] = arrivals.commands[i].run(engine_);
    if (journal_->broken()) return *journal_->broken();
  }
  CF_CHECK(engine_.fire_due_timers());
  CF_CHECK(engine_.run_ready());
  const auto began = clock_.now();
  auto effects = engine_.commit();
  metrics_.commit_seconds.observe(std::chrono::duration<double>(clock_.now() - began).count());
  return effects;
}

// The disk said no. Callers hear it; results of activities wait for the next try.
void Scheduler::fail_batch(Mailbox::Arrivals arrivals,
                           const std::vector<std::optional<Status>>& answers, const Error& error) {
  engine_.abort();
  metrics_.commits_failed.add();
  log_.error({}, "durable.commit_failed",
             {{"code", error.code()}, {"message", error}, {"retry_after", retry_delay_}});
  unrecorded_ = std::move(arrivals.reports);
  for (std::size_t i = 0; i < arrivals.commands.size(); ++i) {
    // A command's own refusal (unknown instance, too large) stays its answer.
    const bool refused = answers[i] && !*answers[i] && !answers[i]->error().retryable();
    arrivals.commands[i].call->answer(refused ? *answers[i] : Status(error));
  }
  retry_at_ = clock_.now() + retry_delay_;
  retry_delay_ = std::min<std::chrono::milliseconds>(retry_delay_ * 2, kRetryDelayMax);
}

void Scheduler::release(Effects effects) {
  if (!closed_) {
    for (ActivityTask& task : effects.dispatch) dispatcher_->dispatch(std::move(task), *this);
    for (const std::string& execution : effects.cancel) dispatcher_->cancel(execution);
  }
  for (const Effects::Change& change : effects.changes) notify(change);
}

void Scheduler::notify(const Effects::Change& change) {
  const auto at = waiters_.find(change.instance_id);
  if (at == waiters_.end()) return;
  std::erase_if(at->second, [&change](const Waiter& waiter) {
    const auto call = waiter.call.lock();
    if (!call) return true;
    if (!satisfied(waiter.until, change.status)) return false;
    call->answer(Done{});
    return true;
  });
  if (at->second.empty()) waiters_.erase(at);
}

}  // namespace

Result<std::unique_ptr<Embedded>> Embedded::open(EmbeddedOptions options, const Registry& registry,
                                                 const Clock& clock, Random random,
                                                 telemetry::Log& log,
                                                 telemetry::MetricRegistry& metrics,
                                                 std::unique_ptr<ActivityDispatcher> dispatcher) {
  const auto directory = options.directory;
  CF_TRY(auto journal, Journal::open(directory, options.disk_fault));
  CF_TRY(auto reader, JournalReader::open(directory));
  auto scheduler =
      std::make_unique<Scheduler>(std::move(options), registry, clock, random, log, metrics,
                                  std::move(journal), std::move(reader), std::move(dispatcher));
  CF_CHECK(scheduler->begin());
  return std::unique_ptr<Embedded>(std::move(scheduler));
}

}  // namespace cloudfolio::durable

#include "durable/queued/activity_worker.h"

#include <atomic>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/time_text.h"
#include "durable/failure.h"
#include "durable/queued/activity_claims.h"
#include "durable/queued/activity_message.h"
#include "durable/queued/activity_results.h"

namespace cloudfolio::durable {
namespace {

constexpr std::chrono::seconds kWaitLongest{30};
constexpr std::chrono::milliseconds kStoreRetryAfter{200};

Result<std::string> call(const Registry::ActivityEntry& entry, const Context& ctx,
                         const ActivityTask& task) {
  try {
    return entry.run(ctx, task.info, task.input);
  } catch (const std::exception& error) {
    return Error(Code::internal, std::string("exception: ") + error.what());
  } catch (...) {
    return Error(Code::internal, "exception of an unknown type");
  }
}

// One activity while it runs.
struct Run {
  std::string instance;
  std::stop_source stop;
  std::atomic<Clock::Instant> last_beat;
};

bool is_gone(const Error& error) {
  return error.code() == Code::conflict || error.code() == Code::not_found;
}
bool is_gone(const Status& status) {
  return !status && is_gone(status.error());
}

// The caller may not, or not now: nothing is wrong with the message.
bool is_refusal(Code code) {
  return code == Code::quota_exceeded || code == Code::permission_denied || code == Code::cancelled;
}

// The same message delivered again, or a second one for the same asking, was written before the
// result, or about when it was.
bool is_replayed(const storage::Message& message, const ActivityOutcome& kept) {
  return message.inserted_at > kept.kept_at + 2 * kSendLongest;
}

std::string replayed_reason(const storage::Message& message, const ActivityOutcome& kept) {
  return "replayed: written " + to_text(message.inserted_at) + ", after its task had its result (" +
         to_text(kept.kept_at) + ")";
}

}  // namespace

using Looked = ActivityWorker::Looked;

class ActivityWorker::State {
 public:
  struct Places {
    storage::Queue& queue;
    storage::Queue& poison;
    storage::Queue& results;
  };

  State(ActivityWorkerOptions options, Parts parts, Places places, storage::BlobStore& results,
        storage::Table& claims)
      : options_(std::move(options)),
        parts_(parts),
        places_(places),
        results_(results, parts.clock),
        claims_(claims, parts.clock) {
    for (int i = 0; i < options_.threads_count; ++i) {
      threads_.emplace_back([this](const std::stop_token& stop) { serve(stop); });
    }
  }
  ~State() { stop(); }

  void beat(const InstanceId& instance) {
    const std::lock_guard lock(mutex_);
    for (Run& run : runs_) {
      if (run.instance == instance.str()) run.last_beat = parts_.clock.now();
    }
  }

  void stop() {
    stopping_ = true;
    for (std::jthread& thread : threads_) thread.request_stop();
    {
      const std::lock_guard lock(mutex_);
      for (Run& run : runs_) run.stop.request_stop();
    }
    for (std::jthread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

  Result<Looked> look(const Context& ctx) {
    CF_TRY(auto received,
           places_.queue.receive(ctx, {.max_count = 1, .visibility = options_.visibility}));
    if (received.empty()) return Looked::nothing;
    return handle(ctx, std::move(received.front()));
  }

  Result<Looked> look_until(const Context& ctx, Clock::Instant deadline) {
    CF_TRY(const Looked looked, look(ctx));
    if (looked == Looked::nothing) CF_CHECK(places_.queue.wait_for_message(ctx, deadline));
    return looked;
  }

 private:
  void serve(const std::stop_token& stop) {
    const Context ctx = Context().with_stop(stop);
    while (!stop.stop_requested()) {
      const auto ran = look_until(ctx, parts_.clock.now() + kWaitLongest);
      if (!ran && !stop.stop_requested()) {
        parts_.log.warn(ctx, "worker.store_refuses",
                        {{"queue", options_.queue}, {"error", ran.error()}});
        pause(stop, kStoreRetryAfter);
      }
    }
  }

  void pause(const std::stop_token& stop, std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, time, [] { return false; });
  }

  Result<Looked> handle(const Context& ctx, storage::ReceivedMessage received) {
    const Result<Looked> dropped(Looked::dropped);
    const auto dropped_by = [&dropped](const Status& done) {
      return done ? dropped : Result<Looked>(done.error());
    };
    auto task = read_activity_message(received.message.body);
    if (!task) return dropped_by(poison(ctx, received, task.error().message()));
    const ResultMessage id = result_message_of(task->info);
    CF_TRY(const auto kept, results_.find(ctx, id));
    if (kept && is_replayed(received.message, *kept))
      return dropped_by(poison(ctx, received, replayed_reason(received.message, *kept)));
    if (kept) return dropped_by(finish(ctx, id, received));
    if (options_.admit) {
      const Status admitted = options_.admit(task->info);
      if (is_gone(admitted)) return dropped_by(put_back(ctx, received, options_.put_back));
      CF_CHECK(admitted);
    }
    const Result<Looked> looked = claim_and_run(ctx, *task, received);
    if (options_.on_over) options_.on_over(task->info);
    return looked;
  }

  Result<Looked> claim_and_run(const Context& ctx, const ActivityTask& task,
                               storage::ReceivedMessage& received) {
    const ResultMessage id = result_message_of(task.info);
    CF_TRY(auto answer, claims_.take(ctx, id, received.message.id, options_.visibility));
    // The worker that runs it holds a message of its own; of a cancelled task none is needed.
    if (!std::holds_alternative<Claim>(answer)) {
      CF_CHECK(remove(ctx, received));
      return Looked::dropped;
    }
    Claim& claim = std::get<Claim>(answer);
    if (claim.starts_count > options_.starts_max) {
      Error why(Code::invalid_argument, "activity '" + task.info.name + "' ended its worker " +
                                            std::to_string(options_.starts_max) + " times");
      CF_CHECK(give_up(ctx, task, received, std::move(why)));
      return Looked::dropped;
    }
    CF_CHECK(run(ctx, task, claim, received));
    return Looked::ran;
  }

  Status run(const Context& ctx, const ActivityTask& task, Claim& claim,
             storage::ReceivedMessage& received) {
    const auto* entry = parts_.registry.find_activity(task.info.name);
    if (!entry) {
      Error unknown(Code::not_found, "no activity '" + task.info.name + "' is registered here");
      return conclude(ctx, task, claim, received, std::move(unknown));
    }
    Run& run = begin(task);
    auto result = perform(ctx, *entry, task, claim, received, run);
    const bool lost = run.stop.stop_requested() && !stopping_;
    end(run);
    if (lost) {
      parts_.log.warn(context_of(task), "worker.claim_lost", {{"activity", task.info.name}});
      CF_TRY(const bool cancelled, claims_.is_cancelled(ctx, task.info.execution_id));
      return cancelled ? remove(ctx, received) : Status(Done{});
    }
    if (!result && stopping_) {
      CF_CHECK(claims_.let_go(Context(), claim));
      return put_back(Context(), received, std::chrono::seconds(0));
    }
    // The store may be asked even while the process is about to end.
    return conclude(Context(), task, claim, received, std::move(result));
  }

  Run& begin(const ActivityTask& task) {
    const std::lock_guard lock(mutex_);
    Run& run = runs_.emplace_back();
    run.instance = task.info.instance_id;
    run.last_beat = parts_.clock.now();
    if (stopping_) run.stop.request_stop();
    return run;
  }
  void end(const Run& run) {
    const std::lock_guard lock(mutex_);
    runs_.remove_if([&](const Run& other) { return &other == &run; });
  }

  static Context context_of(const ActivityTask& task) {
    Context ctx = Context().with_instance(InstanceId(task.info.instance_id)).with_trace(task.trace);
    const auto tenant = task.info.tags.find("tenant");
    return tenant == task.info.tags.end() ? ctx : ctx.for_tenant(TenantId(tenant->second));
  }

  // Runs the activity while another thread holds claim and message.
  Result<std::string> perform(const Context& ctx, const Registry::ActivityEntry& entry,
                              const ActivityTask& task, Claim& claim,
                              storage::ReceivedMessage& received, Run& run) {
    std::jthread keeper([&](const std::stop_token& stop) {
      while (!wait_to_renew(stop)) {
        if (!renew(ctx, claim, received, run)) {
          run.stop.request_stop();
          return;
        }
      }
    });
    const Context own = context_of(task)
                            .with_stop(run.stop.get_token())
                            .with_deadline(parts_.clock.now() + entry.options.timeout());
    return call(entry, own, task);
  }

  // True: the activity has ended.
  bool wait_to_renew(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, options_.renew_every, [] { return false; });
    return stop.stop_requested();
  }

  // False: the claim is lost, or the activity hangs.
  bool renew(const Context& ctx, Claim& claim, storage::ReceivedMessage& received, const Run& run) {
    const auto limit = options_.progress_limit;
    if (limit.count() > 0 && parts_.clock.now() - run.last_beat.load() > limit) {
      parts_.log.error(ctx, "worker.no_progress",
                       {{"instance", run.instance}, {"limit_seconds", limit}});
      return false;
    }
    const Status claimed = claims_.renew(ctx, claim, options_.visibility);
    if (!claimed) return !is_gone(claimed) && parts_.clock.wall_time() < received.visible_at;
    auto renewal = places_.queue.renew(ctx, received.message.id, received.receipt,
                                       {.visibility = options_.visibility, .body = {}});
    if (renewal) {
      received.receipt = renewal->receipt;
      received.visible_at = renewal->visible_at;
      return true;
    }
    // After a lost answer the receipt is void and the message comes back to somebody else: the
    // claim is theirs to take over, so it is given up here and now.
    return !is_gone(renewal.error()) && parts_.clock.wall_time() < received.visible_at;
  }

  Status conclude(const Context& ctx, const ActivityTask& task, Claim& claim,
                  const storage::ReceivedMessage& received, const Result<std::string>& result) {
    const Status mine = claims_.renew(ctx, claim, options_.visibility);
    if (is_gone(mine)) return Done{};
    CF_CHECK(mine);
    if (!result && options_.retry_after.count() > 0 && !is_refusal(result.error().code()))
      return fail(ctx, task, claim, received, result.error());
    const ResultMessage id = result_message_of(task.info);
    CF_CHECK(results_.keep(ctx, id, result));
    CF_CHECK(finish(ctx, id, received));
    return claims_.let_go(ctx, claim);
  }

  Status fail(const Context& ctx, const ActivityTask& task, const Claim& claim,
              const storage::ReceivedMessage& received, const Error& error) {
    parts_.log.warn(
        context_of(task), "worker.activity_failed",
        {{"activity", task.info.name}, {"start", claim.starts_count}, {"error", error}});
    if (!may_pass(error.code())) return give_up(ctx, task, received, error);
    if (claim.starts_count >= options_.starts_max)
      return give_up(ctx, task, received,
                     Error(Code::invalid_argument, "activity '" + task.info.name + "' failed " +
                                                       std::to_string(claim.starts_count) +
                                                       " times, at last: " + error.message()));
    if (options_.on_retry) options_.on_retry(task.info, error, claim.starts_count);
    // The start stays counted; the claim is this message's, whoever receives it next.
    return put_back(ctx, received, options_.retry_after * (1 << (claim.starts_count - 1)));
  }

  // The result is kept: tell, then forget the message.
  Status finish(const Context& ctx, const ResultMessage& id,
                const storage::ReceivedMessage& received) {
    CF_CHECK(places_.results.send(ctx, write_result_message(id), {}));
    return remove(ctx, received);
  }

  Status remove(const Context& ctx, const storage::ReceivedMessage& received) {
    const Status removed = places_.queue.remove(ctx, received.message.id, received.receipt);
    return is_gone(removed) ? Status(Done{}) : removed;
  }

  Status put_back(const Context& ctx, const storage::ReceivedMessage& received,
                  std::chrono::seconds hidden) {
    const auto renewed = places_.queue.renew(ctx, received.message.id, received.receipt,
                                             {.visibility = hidden, .body = {}});
    return renewed || is_gone(renewed.error()) ? Status(Done{}) : Status(renewed.error());
  }

  Status give_up(const Context& ctx, const ActivityTask& task,
                 const storage::ReceivedMessage& received, Error why) {
    const std::string reason = why.message();
    const ResultMessage id = result_message_of(task.info);
    CF_CHECK(results_.keep(ctx, id, std::move(why)));
    CF_CHECK(places_.results.send(ctx, write_result_message(id), {}));
    return poison(ctx, received, reason);
  }

  Status poison(const Context& ctx, const storage::ReceivedMessage& received,
                const std::string& reason) {
    parts_.log.error(ctx, "worker.poisoned", {{"queue", options_.queue}, {"reason", reason}});
    CF_CHECK(put_aside(ctx, places_.poison, received.message, reason));
    return remove(ctx, received);
  }

  const ActivityWorkerOptions options_;
  const Parts parts_;
  const Places places_;
  ActivityResultStore results_;
  ActivityClaims claims_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::list<Run> runs_;
  std::vector<std::jthread> threads_;
};

ActivityWorker::ActivityWorker(std::unique_ptr<State> state) : state_(std::move(state)) {}
ActivityWorker::~ActivityWorker() = default;

Result<std::unique_ptr<ActivityWorker>> ActivityWorker::open(ActivityWorkerOptions options,
                                                             Parts parts) {
  if (options.poison_queue.empty()) options.poison_queue = options.queue + "-poison";
  CF_TRY(storage::Queue* const queue, parts.storage.queue(options.queue));
  CF_TRY(storage::Queue* const poison, parts.storage.queue(options.poison_queue));
  CF_TRY(storage::Queue* const results, parts.storage.queue(options.result_queue));
  CF_TRY(storage::BlobStore* const kept, parts.storage.blobs(kActivityResultContainer));
  CF_TRY(storage::Table* const claims, parts.storage.table(kClaimTable));
  return std::unique_ptr<ActivityWorker>(new ActivityWorker(std::make_unique<State>(
      std::move(options), parts, State::Places{*queue, *poison, *results}, *kept, *claims)));
}

void ActivityWorker::beat(const InstanceId& instance) {
  state_->beat(instance);
}
void ActivityWorker::stop() {
  state_->stop();
}
Result<bool> ActivityWorker::run_one(const Context& ctx) {
  CF_TRY(const Looked looked, state_->look(ctx));
  return looked != Looked::nothing;
}
Result<ActivityWorker::Looked> ActivityWorker::run_one_until(const Context& ctx,
                                                             Clock::Instant deadline) {
  return state_->look_until(ctx, deadline);
}

}  // namespace cloudfolio::durable

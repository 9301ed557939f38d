#include "durable/queued/queue_dispatcher.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "durable/queued/activity_claims.h"
#include "durable/queued/activity_message.h"
#include "durable/queued/activity_results.h"

namespace cloudfolio::durable {
namespace {

constexpr std::chrono::seconds kResultVisibility{30};
constexpr std::chrono::seconds kLookVisibility{2};
constexpr std::chrono::seconds kWaitLongest{30};

using TaskKey = std::pair<std::string, std::int32_t>;  // Execution, task.

}  // namespace

class QueueDispatcher::Remote {
 public:
  using Queues = std::map<std::string, storage::Queue*>;

  // `poison_queues`: by the name of the pool, as `queues`.
  Remote(QueueDispatcherOptions options, Parts parts, Queues queues, Queues poison_queues,
         Queues result_queues, storage::BlobStore& results, storage::Table& claims)
      : options_(std::move(options)),
        parts_(parts),
        queues_(std::move(queues)),
        poison_queues_(std::move(poison_queues)),
        results_(results, parts.clock),
        claims_(claims, parts.clock),
        sender_([this](const std::stop_token& stop) { send_all(stop); }) {
    for (const auto& [name, queue] : result_queues) {
      receivers_.emplace_back(
          [this, results = queue](const std::stop_token& stop) { receive_all(stop, *results); });
    }
  }
  ~Remote() { stop(); }

  bool runs(const ActivityTask& task) const {
    const auto* entry = parts_.registry.find_activity(task.info.name);
    if (entry == nullptr || !queues_.contains(entry->options.pool())) return false;
    return !options_.runs_here || !options_.runs_here(task);
  }

  void put(ActivityTask task, ActivityResults& results) {
    const TaskKey key{task.info.execution_id, task.info.task_id};
    {
      const std::lock_guard lock(mutex_);
      outbox_.push_back(key);
      const auto now = parts_.clock.wall_time();
      const bool may_be_there = task.info.attempt > 1;
      waiting_.insert_or_assign(key, Waiting{std::move(task), &results, now, now, may_be_there});
      changed_.notify_all();
    }
    tell_change();
  }

  void cancel(const std::string& execution) {
    {
      const std::lock_guard lock(mutex_);
      const auto first = waiting_.lower_bound({execution, INT32_MIN});
      if (first == waiting_.end() || first->first.first != execution) return;
      clean_ups_.push_back({result_message_of(first->second.task.info), std::nullopt});
      std::erase_if(waiting_, [&](const auto& entry) { return entry.first.first == execution; });
      changed_.notify_all();
    }
    tell_change();
  }

  void give_up(const std::string& instance, const Error& why) {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, waiting] : waiting_) {
      if (waiting.task.info.instance_id == instance)
        clean_ups_.push_back({result_message_of(waiting.task.info), why, CleanUp::Of::task});
    }
    changed_.notify_all();
  }

  void stop() {
    sender_.request_stop();
    for (std::jthread& receiver : receivers_) receiver.request_stop();
    if (sender_.joinable()) sender_.join();
    for (std::jthread& receiver : receivers_) {
      if (receiver.joinable()) receiver.join();
    }
  }

  std::size_t waiting_count() const {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
  }

  std::vector<WaitingTask> waiting(const std::string& pool) const {
    const std::lock_guard lock(mutex_);
    std::vector<WaitingTask> tasks;
    for (const auto& [key, one] : waiting_) {
      const auto* entry = parts_.registry.find_activity(one.task.info.name);
      if (entry->options.pool() == pool) tasks.push_back({one.task.info, one.since});
    }
    return tasks;
  }

 private:
  struct Waiting {
    ActivityTask task;
    ActivityResults* results = nullptr;
    Clock::WallTime since;
    Clock::WallTime asked;
    bool asked_twice = false;  // There may be more than one message about it.
  };
  // What nobody waits for any more: an execution's tasks, or one task that ended; with a reason,
  // one that nobody will do.
  struct CleanUp {
    ResultMessage task;
    std::optional<Error> why;
    enum class Of { execution, task } of = Of::execution;
  };

  void tell_change() const {
    if (options_.on_change) options_.on_change();
  }

  // --- Towards the workers.
  void send_all(const std::stop_token& stop) {
    const Context ctx = Context().with_stop(stop);
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      const bool asked = changed_.wait_for(lock, stop, options_.look_every, [this] {
        return !outbox_.empty() || !clean_ups_.empty();
      });
      if (!asked) {
        ask_again();
        continue;
      }
      if (!clean_ups_.empty()) {
        const CleanUp one = clean_ups_.front();
        lock.unlock();
        const Status done = clean_up(ctx, one);
        lock.lock();
        if (done) clean_ups_.pop_front();
        if (!done && !pause(lock, stop, "clean up", done.error())) return;
        continue;
      }
      const TaskKey key = outbox_.front();
      const auto found = waiting_.find(key);
      if (found == waiting_.end()) {  // Cancelled meanwhile.
        outbox_.pop_front();
        continue;
      }
      const Waiting waiting = found->second;
      lock.unlock();
      const Status sent = send(ctx, waiting);
      lock.lock();
      if (sent) outbox_.pop_front();
      if (!sent && !pause(lock, stop, "send", sent.error())) return;
    }
  }

  // Under the lock.
  void ask_again() {
    const auto now = parts_.clock.wall_time();
    for (auto& [key, waiting] : waiting_) {
      if (now - waiting.asked < options_.ask_again_after) continue;
      waiting.asked = now;
      waiting.asked_twice = true;
      outbox_.push_back(key);
    }
  }

  Status clean_up(const Context& ctx, const CleanUp& one) {
    if (one.why) {
      CF_CHECK(results_.keep(ctx, one.task, *one.why));
      CF_TRY(auto kept, results_.find(ctx, one.task));
      if (kept) report({one.task.execution, one.task.task}, std::move(kept->result));
    }
    if (one.of == CleanUp::Of::execution)
      CF_CHECK(claims_.cancel(ctx, one.task.execution, one.task.tenant));
    return drop_messages(ctx, one);
  }

  static bool is_gone(const CleanUp& gone, const ActivityInfo& info) {
    return info.execution_id == gone.task.execution &&
           (gone.of == CleanUp::Of::execution || info.task_id == gone.task.task);
  }

  // Nobody may come for them: workers are brought only for what waits. One look; what is missed is
  // dropped by whoever receives it.
  Status drop_messages(const Context& ctx, const CleanUp& gone) {
    for (const auto& [pool, queue] : queues_) {
      CF_TRY(const auto received, queue->receive(ctx, {.max_count = storage::kReceiveCountMax,
                                                       .visibility = kLookVisibility}));
      for (const storage::ReceivedMessage& one : received) {
        const auto task = read_activity_message(one.message.body);
        if (!task || !is_gone(gone, task->info)) {
          (void)queue->renew(ctx, one.message.id, one.receipt,
                             {.visibility = std::chrono::seconds(0), .body = {}});
          continue;
        }
        if (gone.why)
          CF_CHECK(put_aside(ctx, *poison_queues_.at(pool), one.message, gone.why->message()));
        (void)queue->remove(ctx, one.message.id, one.receipt);
      }
    }
    return Done{};
  }

  Status send(const Context& ctx, const Waiting& waiting) {
    const ActivityTask& task = waiting.task;
    // An earlier process may have asked for it already. A message that is much later than this look
    // would be taken for a replayed one.
    const Context soon = ctx.with_deadline(parts_.clock.now() + kSendLongest);
    CF_TRY(const auto kept, results_.find(soon, result_message_of(task.info)));
    if (kept) {
      report({task.info.execution_id, task.info.task_id}, kept->result);
      return Done{};
    }
    auto body = write_activity_message(task);
    if (!body) {
      report({task.info.execution_id, task.info.task_id}, std::move(body).error());
      return Done{};
    }
    const auto& pool = parts_.registry.find_activity(task.info.name)->options.pool();
    storage::SendOptions options;
    options.time_to_live = std::nullopt;
    if (waiting.asked != waiting.since) options.time_to_live = options_.ask_again_after;
    CF_CHECK(queues_.at(pool)->send(soon, *std::move(body), options));
    return Done{};
  }

  // False: asked to stop.
  bool pause(std::unique_lock<std::mutex>& lock, const std::stop_token& stop, const char* what,
             const Error& error) {
    if (!stop.stop_requested()) {
      lock.unlock();
      parts_.log.warn(Context(), "activities.store_refuses", {{"doing", what}, {"error", error}});
      lock.lock();
    }
    changed_.wait_for(lock, stop, options_.retry_after, [] { return false; });
    return !stop.stop_requested();
  }

  // --- Back from the workers.
  void receive_all(const std::stop_token& stop, storage::Queue& queue) {
    const Context ctx = Context().with_stop(stop);
    while (!stop.stop_requested()) {
      const Status done = receive(ctx, queue);
      if (done || stop.stop_requested()) continue;
      std::unique_lock lock(mutex_);
      if (!pause(lock, stop, "receive", done.error())) return;
    }
  }

  Status receive(const Context& ctx, storage::Queue& queue) {
    storage::ReceiveOptions options;
    options.max_count = storage::kReceiveCountMax;
    options.visibility = kResultVisibility;
    CF_TRY(const auto messages, queue.receive(ctx, options));
    for (const storage::ReceivedMessage& received : messages) CF_CHECK(take(ctx, queue, received));
    if (messages.empty()) CF_CHECK(queue.wait_for_message(ctx, parts_.clock.now() + kWaitLongest));
    return Done{};
  }

  Status take(const Context& ctx, storage::Queue& queue, const storage::ReceivedMessage& received) {
    const auto message = read_result_message(received.message.body);
    if (!message) {
      parts_.log.error(ctx, "activities.result_unreadable", {{"error", message.error()}});
    } else if (is_waiting(*message)) {
      CF_TRY(auto kept, results_.find(ctx, *message));
      if (kept) report({message->execution, message->task}, std::move(kept->result));
    }
    const Status removed = queue.remove(ctx, received.message.id, received.receipt);
    if (removed || removed.error().code() == Code::conflict ||
        removed.error().code() == Code::not_found) {
      return Done{};
    }
    return removed;
  }

  bool is_waiting(const ResultMessage& message) const {
    const std::lock_guard lock(mutex_);
    return waiting_.contains({message.execution, message.task});
  }

  void report(const TaskKey& key, Result<std::string> result) {
    std::unique_lock lock(mutex_);
    auto found = waiting_.extract(key);
    lock.unlock();
    if (found.empty()) return;
    if (found.mapped().asked_twice) {
      lock.lock();
      clean_ups_.push_back(
          {result_message_of(found.mapped().task.info), std::nullopt, CleanUp::Of::task});
      changed_.notify_all();
      lock.unlock();
    }
    found.mapped().results->report(found.mapped().task, std::move(result));
    tell_change();
  }

  const QueueDispatcherOptions options_;
  const Parts parts_;
  const Queues queues_;
  const Queues poison_queues_;
  ActivityResultStore results_;
  ActivityClaims claims_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<TaskKey> outbox_;
  std::deque<CleanUp> clean_ups_;
  std::map<TaskKey, Waiting> waiting_;
  std::jthread sender_;
  std::vector<std::jthread> receivers_;
};

QueueDispatcher::QueueDispatcher(std::unique_ptr<Remote> remote,
                                 std::unique_ptr<ActivityDispatcher> local)
    : remote_(std::move(remote)), local_(std::move(local)) {}
QueueDispatcher::~QueueDispatcher() = default;

Result<std::unique_ptr<QueueDispatcher>> QueueDispatcher::open(
    QueueDispatcherOptions options, Parts parts, std::unique_ptr<ActivityDispatcher> local) {
  std::map<std::string, storage::Queue*> queues;
  std::map<std::string, storage::Queue*> poison_queues;
  for (const auto& [pool, name] : options.queues) {
    CF_TRY(queues[pool], parts.storage.queue(name));
    CF_TRY(poison_queues[pool], parts.storage.queue(name + "-poison"));
  }
  std::map<std::string, storage::Queue*> result_queues;
  for (const std::string& name : options.result_queues) {
    CF_TRY(result_queues[name], parts.storage.queue(name));
  }
  CF_TRY(storage::BlobStore* const results, parts.storage.blobs(kActivityResultContainer));
  CF_TRY(storage::Table* const claims, parts.storage.table(kClaimTable));
  auto remote = std::make_unique<Remote>(std::move(options), parts, std::move(queues),
                                         std::move(poison_queues), std::move(result_queues),
                                         *results, *claims);
  return std::unique_ptr<QueueDispatcher>(new QueueDispatcher(std::move(remote), std::move(local)));
}

void QueueDispatcher::dispatch(ActivityTask task, ActivityResults& results) {
  if (remote_->runs(task)) return remote_->put(std::move(task), results);
  local_->dispatch(std::move(task), results);
}

void QueueDispatcher::cancel(const std::string& execution_id) {
  remote_->cancel(execution_id);
  local_->cancel(execution_id);
}

void QueueDispatcher::stop() {
  remote_->stop();
  local_->stop();
}

std::size_t QueueDispatcher::waiting_count() const {
  return remote_->waiting_count() + local_->waiting_count();
}

void QueueDispatcher::give_up(const std::string& instance, const Error& why) {
  remote_->give_up(instance, why);
}

std::vector<WaitingTask> QueueDispatcher::waiting(const std::string& pool) const {
  return remote_->waiting(pool);
}

}  // namespace cloudfolio::durable

#include "durable/queued/queue_dispatcher.h"

#include <condition_variable>
#include <deque>
#include <mutex>
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

  Remote(QueueDispatcherOptions options, Parts parts, Queues queues, Queues result_queues,
         storage::BlobStore& results, storage::Table& claims)
      : options_(std::move(options)),
        parts_(parts),
        queues_(std::move(queues)),
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
      waiting_.insert_or_assign(key, Waiting{std::move(task), &results, parts_.clock.wall_time()});
      changed_.notify_all();
    }
    tell_change();
  }

  void cancel(const std::string& execution) {
    {
      const std::lock_guard lock(mutex_);
      const auto first = waiting_.lower_bound({execution, INT32_MIN});
      if (first == waiting_.end() || first->first.first != execution) return;
      cancelled_.push_back(result_message_of(first->second.task.info));
      std::erase_if(waiting_, [&](const auto& entry) { return entry.first.first == execution; });
      changed_.notify_all();
    }
    tell_change();
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
  };

  void tell_change() const {
    if (options_.on_change) options_.on_change();
  }

  // --- Towards the workers.
  void send_all(const std::stop_token& stop) {
    const Context ctx = Context().with_stop(stop);
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return !outbox_.empty() || !cancelled_.empty(); })) {
      if (!cancelled_.empty()) {
        const ResultMessage task = cancelled_.front();
        lock.unlock();
        Status done = claims_.cancel(ctx, task.execution, task.tenant);
        if (done) done = drop_messages(ctx, task.execution);
        lock.lock();
        if (done) cancelled_.pop_front();
        if (!done && !pause(lock, stop, "cancel", done.error())) return;
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

  // Nobody may come for them: workers are brought only for what waits. One look; what is missed is
  // dropped by whoever receives it.
  Status drop_messages(const Context& ctx, const std::string& execution) {
    for (const auto& [pool, queue] : queues_) {
      CF_TRY(const auto received, queue->receive(ctx, {.max_count = storage::kReceiveCountMax,
                                                       .visibility = kLookVisibility}));
      for (const storage::ReceivedMessage& one : received) {
        const auto task = read_activity_message(one.message.body);
        if (task && task->info.execution_id == execution) {
          (void)queue->remove(ctx, one.message.id, one.receipt);
        } else {
          (void)queue->renew(ctx, one.message.id, one.receipt,
                             {.visibility = std::chrono::seconds(0), .body = {}});
        }
      }
    }
    return Done{};
  }

  Status send(const Context& ctx, const Waiting& waiting) {
    const ActivityTask& task = waiting.task;
    // An earlier process may have asked for it already.
    CF_TRY(const auto kept, results_.find(ctx, result_message_of(task.info)));
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
    CF_CHECK(queues_.at(pool)->send(ctx, *std::move(body), {.time_to_live = {}}));
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
    found.mapped().results->report(found.mapped().task, std::move(result));
    tell_change();
  }

  const QueueDispatcherOptions options_;
  const Parts parts_;
  const Queues queues_;
  ActivityResultStore results_;
  ActivityClaims claims_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<TaskKey> outbox_;
  std::deque<ResultMessage> cancelled_;  // Any task of the execution.
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
  for (const auto& [pool, name] : options.queues) {
    CF_TRY(queues[pool], parts.storage.queue(name));
  }
  std::map<std::string, storage::Queue*> result_queues;
  for (const std::string& name : options.result_queues) {
    CF_TRY(result_queues[name], parts.storage.queue(name));
  }
  CF_TRY(storage::BlobStore* const results, parts.storage.blobs(kActivityResultContainer));
  CF_TRY(storage::Table* const claims, parts.storage.table(kClaimTable));
  auto remote = std::make_unique<Remote>(std::move(options), parts, std::move(queues),
                                         std::move(result_queues), *results, *claims);
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

std::vector<WaitingTask> QueueDispatcher::waiting(const std::string& pool) const {
  return remote_->waiting(pool);
}

}  // namespace cloudfolio::durable

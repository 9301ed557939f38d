#include "durable/embedded/pool_dispatcher.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <list>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/context.h"

namespace cloudfolio::durable {
namespace {

struct Work {
  ActivityTask task;
  const Registry::ActivityEntry* entry = nullptr;
  ActivityResults* results = nullptr;
};

Result<std::string> run(const Registry::ActivityEntry& entry, const Context& ctx,
                        const ActivityTask& task) {
  try {
    return entry.run(ctx, task.info, task.input);
  } catch (const std::exception& error) {
    return Error(Code::internal, std::string("exception: ") + error.what());
  } catch (...) {
    return Error(Code::internal, "exception of an unknown type");
  }
}

}  // namespace

class PoolDispatcher::Pool {
 public:
  Pool(int threads_count, const Clock& clock, DurableMetrics& metrics)
      : clock_(clock), metrics_(metrics) {
    for (int i = 0; i < threads_count; ++i) threads_.emplace_back([this] { serve(); });
  }
  ~Pool() { stop(); }

  void put(Work work) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      queue_.push_back(std::move(work));
    }
    arrived_.notify_one();
  }

  void cancel(const std::string& execution_id) {
    const std::lock_guard lock(mutex_);
    std::erase_if(queue_, [&](const Work& w) { return w.task.info.execution_id == execution_id; });
    for (Running& running : running_) {
      if (running.execution_id == execution_id) running.stop.request_stop();
    }
  }

  void ask_to_stop() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
    for (Running& running : running_) running.stop.request_stop();
    arrived_.notify_all();
  }

  void stop() {
    ask_to_stop();
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

  std::size_t waiting_count() const {
    const std::lock_guard lock(mutex_);
    return queue_.size() + running_.size();
  }

 private:
  struct Running {
    std::string execution_id;
    std::stop_source stop;
  };

  void serve() {
    std::unique_lock lock(mutex_);
    while (true) {
      arrived_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      const Work work = std::move(queue_.front());
      queue_.pop_front();
      const auto running = running_.emplace(running_.end());
      running->execution_id = work.task.info.execution_id;
      const auto stop = running->stop.get_token();
      lock.unlock();
      auto result = perform(work, stop);
      lock.lock();
      // What an interrupted activity could not do is not its failure: it runs again after the
      // restart.
      const bool interrupted = stopping_ && !result;
      running_.erase(running);
      if (interrupted) continue;
      lock.unlock();
      work.results->report(work.task, std::move(result));
      lock.lock();
    }
  }

  Result<std::string> perform(const Work& work, const std::stop_token& stop) {
    const auto began = clock_.now();
    Context ctx(TenantId(), began + work.entry->options.timeout(), stop);
    ctx = ctx.with_instance(InstanceId(work.task.info.instance_id)).with_trace(work.task.trace);
    const auto tenant = work.task.info.tags.find("tenant");
    if (tenant != work.task.info.tags.end()) ctx = ctx.for_tenant(TenantId(tenant->second));
    auto result = run(*work.entry, ctx, work.task);
    metrics_.activity_seconds.with({work.task.info.name})
        .observe(std::chrono::duration<double>(clock_.now() - began).count());
    return result;
  }

  const Clock& clock_;
  DurableMetrics& metrics_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Work> queue_;
  std::list<Running> running_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

PoolDispatcher::PoolDispatcher(const Registry& registry, const Clock& clock,
                               int default_threads_count, DurableMetrics& metrics)
    : registry_(registry),
      clock_(clock),
      default_threads_count_(default_threads_count),
      metrics_(metrics) {
  for (const std::string& name : registry_.activity_names()) {
    pool_of(registry_.find_activity(name)->options.pool());
  }
}

PoolDispatcher::~PoolDispatcher() {
  stop();
}

PoolDispatcher::Pool& PoolDispatcher::pool_of(const std::string& name) {
  auto& pool = pools_[name];
  if (!pool) {
    const auto sized = registry_.pools().find(name);
    const int threads_count =
        sized == registry_.pools().end() ? default_threads_count_ : sized->second;
    pool = std::make_unique<Pool>(threads_count, clock_, metrics_);
  }
  return *pool;
}

void PoolDispatcher::dispatch(ActivityTask task, ActivityResults& results) {
  const auto* entry = registry_.find_activity(task.info.name);
  if (!entry) {  // Scheduled by code that had it.
    Error unknown(Code::not_found, "no activity '" + task.info.name + "' is registered");
    results.report(task, std::move(unknown));
    return;
  }
  pool_of(entry->options.pool()).put(Work{std::move(task), entry, &results});
}

void PoolDispatcher::cancel(const std::string& execution_id) {
  for (auto& [name, pool] : pools_) pool->cancel(execution_id);
}

void PoolDispatcher::stop() {
  for (auto& [name, pool] : pools_) pool->ask_to_stop();
  for (auto& [name, pool] : pools_) pool->stop();
}

std::size_t PoolDispatcher::waiting_count() const {
  std::size_t count = 0;
  for (const auto& [name, pool] : pools_) count += pool->waiting_count();
  return count;
}

}  // namespace cloudfolio::durable

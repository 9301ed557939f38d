#include "runtime/thread_pool.h"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "base/ensure.h"

namespace cloudfolio::runtime {

struct ThreadPool::State {
  explicit State(Options given) : options(std::move(given)) {}

  const Options options;
  mutable std::mutex mutex;
  std::condition_variable_any work_came;
  std::condition_variable_any room_came;
  std::deque<Work> queue;
  std::size_t running_count = 0;
  bool closed = false;
  std::vector<std::jthread> threads;  // Last: joined before the members above go.

  void run() {
    pthread_setname_np(pthread_self(), options.name.substr(0, 15).c_str());
    std::unique_lock lock(mutex);
    while (true) {
      work_came.wait(lock, [&] { return closed || !queue.empty(); });
      if (queue.empty()) return;
      Work work = std::move(queue.front());
      queue.pop_front();
      ++running_count;
      room_came.notify_one();
      lock.unlock();
      work();
      work = Work();  // What it owns dies before it stops counting as running.
      lock.lock();
      --running_count;
    }
  }

  bool full() const { return queue.size() >= options.queued_max; }
};

ThreadPool::ThreadPool(Options options) : state_(std::make_unique<State>(std::move(options))) {
  CF_ENSURE(state_->options.threads_count > 0, state_->options.name);
  CF_ENSURE(state_->options.queued_max > 0, state_->options.name);
  for (std::size_t i = 0; i < state_->options.threads_count; ++i)
    state_->threads.emplace_back([state = state_.get()] { state->run(); });
}

ThreadPool::~ThreadPool() {
  close();
}

Status ThreadPool::submit(const Context& ctx, Work work, WhenFull when_full) {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  const auto may_go_on = [&] { return state.closed || !state.full(); };
  if (when_full == WhenFull::wait && !may_go_on()) {
    if (ctx.deadline() == Clock::Instant::max())
      state.room_came.wait(lock, ctx.stop_token(), may_go_on);
    else
      state.room_came.wait_until(lock, ctx.stop_token(), ctx.deadline(), may_go_on);
  }
  const std::string pool = "pool '" + state.options.name + "'";
  if (state.closed) return Error(Code::unavailable, pool + " is closed");
  if (state.full()) {
    if (when_full == WhenFull::refuse)
      return Error(Code::unavailable,
                   pool + " is full: " + std::to_string(state.queue.size()) + " waiting");
    if (ctx.stopped()) return Error(Code::cancelled, "stopped while " + pool + " was full");
    return Error(Code::deadline_exceeded, pool + " stayed full");
  }
  state.queue.push_back(std::move(work));
  state.work_came.notify_one();
  return Done{};
}

void ThreadPool::close() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->closed = true;
  }
  state_->work_came.notify_all();
  state_->room_came.notify_all();
  for (std::jthread& thread : state_->threads)
    if (thread.joinable()) thread.join();
}

const std::string& ThreadPool::name() const {
  return state_->options.name;
}

std::size_t ThreadPool::queued_count() const {
  const std::lock_guard lock(state_->mutex);
  return state_->queue.size();
}

std::size_t ThreadPool::running_count() const {
  const std::lock_guard lock(state_->mutex);
  return state_->running_count;
}

}  // namespace cloudfolio::runtime

#include "runtime/task_group.h"

#include <pthread.h>

#include <condition_variable>
#include <exception>
#include <list>
#include <mutex>
#include <thread>

namespace cloudfolio::runtime {
namespace {

Status run_without_exceptions(const TaskGroup::Job& job, std::stop_token stop) {
  try {
    return job(std::move(stop));
  } catch (const std::bad_alloc&) {
    throw;  // Nothing sensible can be done here.
  } catch (const std::exception& thrown) {
    return Error(Code::internal, thrown.what());
  }
}

}  // namespace

struct TaskGroup::State {
  explicit State(OnError handler) : on_error(std::move(handler)) {}

  const OnError on_error;
  std::stop_source stop;
  std::mutex mutex;
  std::condition_variable ended;
  std::size_t running_count = 0;
  bool closed = false;
  // Threads that ended are joined when the next one starts or at the end.
  struct Thread {
    bool done = false;
    std::thread thread;
  };
  std::list<Thread> threads;

  void run(Thread& self, const std::string& name, const Job& job) {
    pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
    const Status status = run_without_exceptions(job, stop.get_token());
    if (!status && status.error().code() != Code::cancelled) on_error(name, status.error());
    const std::lock_guard lock(mutex);
    self.done = true;
    --running_count;
    ended.notify_all();
  }
};

TaskGroup::TaskGroup(OnError on_error) : state_(std::make_unique<State>(std::move(on_error))) {}
TaskGroup::~TaskGroup() {
  close();
}

Status TaskGroup::start(std::string name, Job job) {
  State& state = *state_;
  const std::lock_guard lock(state.mutex);
  if (state.closed)
    return Error(Code::unavailable, "start " + name + ": the group of tasks is closed");
  state.threads.remove_if([](State::Thread& thread) {
    if (!thread.done) return false;
    thread.thread.join();  // It ended, or is about to: it holds no lock any more.
    return true;
  });
  State::Thread& slot = state.threads.emplace_back();
  ++state.running_count;
  slot.thread = std::thread([&state, &slot, name = std::move(name), job = std::move(job)] {
    state.run(slot, name, job);
  });
  return Done{};
}

void TaskGroup::request_stop() {
  state_->stop.request_stop();
}

void TaskGroup::wait() {
  std::unique_lock lock(state_->mutex);
  state_->ended.wait(lock, [&] { return state_->running_count == 0; });
}

void TaskGroup::close() {
  request_stop();
  {
    const std::lock_guard lock(state_->mutex);
    state_->closed = true;
  }
  wait();
  for (State::Thread& thread : state_->threads)
    if (thread.thread.joinable()) thread.thread.join();
}

std::size_t TaskGroup::running_count() const {
  const std::lock_guard lock(state_->mutex);
  return state_->running_count;
}

}  // namespace cloudfolio::runtime

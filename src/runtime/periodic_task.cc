#include "runtime/periodic_task.h"

#include <pthread.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/ensure.h"

namespace cloudfolio::runtime {

struct PeriodicTask::State {
  State(Options given, const Clock& the_clock, std::function<void(std::stop_token)> the_work)
      : options(std::move(given)), clock(the_clock), work(std::move(the_work)) {}

  const Options options;
  const Clock& clock;
  const std::function<void(std::stop_token)> work;
  std::mutex mutex;
  std::condition_variable_any changed;
  bool looked_at = false;   // poke(): the clock may have moved.
  bool wanted_now = false;  // run_now().
  std::jthread thread;      // Last: stopped and joined before the members above go.

  void run(Clock::Instant due, const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), options.name.substr(0, 15).c_str());
    while (wait_until(due, stop)) {
      // From the start of the run, so that a clock moved while it ends loses no interval.
      due = clock.now() + options.every;
      work(stop);
    }
  }

  // False when stopped.
  bool wait_until(Clock::Instant due, const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      const auto left = due - clock.now();
      if (wanted_now || left <= std::chrono::nanoseconds(0)) {
        wanted_now = false;
        return true;
      }
      looked_at = false;
      changed.wait_for(lock, stop, left, [&] { return looked_at || wanted_now; });
    }
    return false;
  }
};

PeriodicTask::PeriodicTask(Options options, const Clock& clock,
                           std::function<void(std::stop_token)> work)
    : state_(std::make_unique<State>(std::move(options), clock, std::move(work))) {
  CF_ENSURE(state_->options.every > std::chrono::nanoseconds(0), state_->options.name);
  // Counted from here, not from when the thread gets to run.
  const Clock::Instant due =
      clock.now() +
      (state_->options.first == First::now ? std::chrono::nanoseconds(0) : state_->options.every);
  state_->thread = std::jthread(
      [state = state_.get(), due](const std::stop_token& stop) { state->run(due, stop); });
}

PeriodicTask::~PeriodicTask() = default;

void PeriodicTask::poke() {
  const std::lock_guard lock(state_->mutex);
  state_->looked_at = true;
  state_->changed.notify_all();
}

void PeriodicTask::run_now() {
  const std::lock_guard lock(state_->mutex);
  state_->wanted_now = true;
  state_->changed.notify_all();
}

}  // namespace cloudfolio::runtime

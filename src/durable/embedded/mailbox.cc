#include "durable/embedded/mailbox.h"

#include <utility>

namespace cloudfolio::durable {

std::optional<Status> Call::wait_for(std::chrono::nanoseconds time) {
  std::unique_lock lock(mutex_);
  answered_.wait_for(lock, time, [this] { return answer_.has_value(); });
  return answer_;
}

void Call::answer(Status status) {
  const std::lock_guard lock(mutex_);
  if (answer_) return;
  answer_.emplace(std::move(status));
  answered_.notify_all();
}

bool Mailbox::put(Command command) {
  {
    const std::lock_guard lock(mutex_);
    if (arrivals_.closed) return false;
    arrivals_.commands.push_back(std::move(command));
  }
  arrived_.notify_one();
  return true;
}

void Mailbox::put(ActivityReport report) {
  {
    const std::lock_guard lock(mutex_);
    arrivals_.reports.push_back(std::move(report));
  }
  arrived_.notify_one();
}

void Mailbox::nudge() {
  {
    const std::lock_guard lock(mutex_);
    nudged_ = true;
  }
  arrived_.notify_one();
}

void Mailbox::close() {
  {
    const std::lock_guard lock(mutex_);
    arrivals_.closed = true;
  }
  arrived_.notify_one();
}

Mailbox::Arrivals Mailbox::take(std::optional<std::chrono::nanoseconds> wait_max) {
  std::unique_lock lock(mutex_);
  const auto there = [this] {
    return nudged_ || arrivals_.closed || !arrivals_.commands.empty() || !arrivals_.reports.empty();
  };
  if (wait_max) {
    arrived_.wait_for(lock, *wait_max, there);
  } else {
    arrived_.wait(lock, there);
  }
  nudged_ = false;
  Arrivals taken;
  taken.closed = arrivals_.closed;
  std::swap(taken.commands, arrivals_.commands);
  std::swap(taken.reports, arrivals_.reports);
  return taken;
}

}  // namespace cloudfolio::durable

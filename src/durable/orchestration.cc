#include "durable/orchestration.h"

#include <algorithm>
#include <cstdio>

#include "base/ensure.h"
#include "durable/execution.h"

namespace cloudfolio::durable {

AllOf::AllOf(std::vector<Task> tasks) : tasks_(std::move(tasks)) {}

bool AllOf::await_ready() const {
  return std::all_of(tasks_.begin(), tasks_.end(), [](const Task& task) { return task.done(); });
}

void AllOf::await_suspend(std::coroutine_handle<> waiter) const {
  auto& loop = tasks_.front().cell_->loop();
  const auto left = std::make_shared<std::size_t>(tasks_.size());
  for (const Task& task : tasks_) {
    task.cell_->run_when_done([left, &loop, waiter] {
      if (--*left == 0) loop.post(waiter);
    });
  }
}

std::vector<Result<std::string>> AllOf::await_resume() const {
  std::vector<Result<std::string>> results;
  results.reserve(tasks_.size());
  for (const Task& task : tasks_) results.push_back(task.result());
  return results;
}

AnyOf::AnyOf(std::vector<Task> tasks) : tasks_(std::move(tasks)) {
  CF_ENSURE(!tasks_.empty(), "when_any of nothing");
}

bool AnyOf::await_ready() const {
  return std::any_of(tasks_.begin(), tasks_.end(), [](const Task& task) { return task.done(); });
}

void AnyOf::await_suspend(std::coroutine_handle<> waiter) const {
  auto& loop = tasks_.front().cell_->loop();
  const auto posted = std::make_shared<bool>(false);
  for (const Task& task : tasks_) {
    task.cell_->run_when_done([posted, &loop, waiter] {
      if (!std::exchange(*posted, true)) loop.post(waiter);
    });
  }
}

std::size_t AnyOf::await_resume() const {
  std::size_t first = tasks_.size();
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    if (!tasks_[i].done()) continue;
    if (first == tasks_.size() || tasks_[i].cell_->order() < tasks_[first].cell_->order()) {
      first = i;
    }
  }
  return first;
}

AnyOf when_any(Task a, Task b) {
  std::vector<Task> tasks;
  tasks.push_back(std::move(a));
  tasks.push_back(std::move(b));
  return AnyOf(std::move(tasks));
}

Task OrchestrationContext::call(std::string activity, std::string input, RetryPolicy retry) {
  return execution_.begin(ScheduleTask{std::move(activity), {}, std::move(input), {}}, retry);
}

Task OrchestrationContext::call_sub(std::string orchestration, std::string instance_id,
                                    std::string input, RetryPolicy retry) {
  if (instance_id.empty()) {
    char suffix[16];
    std::snprintf(suffix, sizeof suffix, ":%04x",
                  static_cast<unsigned>(execution_.last_action_id_ + 1));
    instance_id = execution_.started_.execution_id + suffix;
  }
  return execution_.begin(CreateSubOrchestration{std::move(instance_id),
                                                 std::move(orchestration),
                                                 {},
                                                 std::move(input),
                                                 execution_.started_.tags},
                          retry);
}

Task OrchestrationContext::timer(std::chrono::milliseconds after) {
  return timer_at(execution_.now_ + after);
}

Task OrchestrationContext::timer_at(Clock::WallTime at) {
  return execution_.begin(CreateTimer{at}, RetryPolicy());
}

Task OrchestrationContext::external_event(std::string name) {
  return execution_.wait_for_event(std::move(name), std::nullopt);
}

Task OrchestrationContext::external_event(std::string name, std::chrono::milliseconds timeout) {
  return execution_.wait_for_event(std::move(name), timeout);
}

Task OrchestrationContext::spawn(Orchestration<std::string> coroutine) {
  return execution_.spawn(std::move(coroutine));
}

void OrchestrationContext::send_event(std::string instance_id, std::string name,
                                      std::string payload) {
  execution_.act(SendEvent{std::move(instance_id), std::move(name), std::move(payload)});
}

void OrchestrationContext::set_custom_status(std::string json) {
  execution_.custom_status_ = std::move(json);
}

std::string OrchestrationContext::continue_as_new(std::string input) {
  execution_.next_input_ = std::move(input);
  return {};
}

const std::string& OrchestrationContext::instance_id() const {
  return execution_.started_.instance_id;
}
const std::string& OrchestrationContext::execution_id() const {
  return execution_.started_.execution_id;
}
const std::string& OrchestrationContext::name() const {
  return execution_.started_.name;
}
const std::string& OrchestrationContext::version() const {
  return execution_.started_.version;
}
const Tags& OrchestrationContext::tags() const {
  return execution_.started_.tags;
}
Clock::WallTime OrchestrationContext::now() const {
  return execution_.now_;
}
std::string OrchestrationContext::new_guid() {
  return execution_.new_guid();
}
Random& OrchestrationContext::random() {
  return execution_.random_;
}
bool OrchestrationContext::is_replaying() const {
  return execution_.replaying_;
}

}  // namespace cloudfolio::durable

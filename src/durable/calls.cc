// What an execution does when its coroutine asks for something.

#include <cstdio>

#include "durable/execution.h"

namespace cloudfolio::durable {

// A call under a retry policy: which attempt it is, and since when.
struct Execution::Retrying {
  decltype(Action::body) body;
  RetryPolicy policy;
  Clock::WallTime first;
  int attempts_count = 0;
  std::shared_ptr<detail::Cell> cell;
};

std::int32_t Execution::act(decltype(Action::body) body) {
  const std::int32_t id = ++last_action_id_;
  pending_.emplace_hint(pending_.end(), id, Action{id, std::move(body)});
  return id;
}

void Execution::act(decltype(Action::body) body, Then then) {
  const std::int32_t id = act(std::move(body));
  open_.emplace(id, std::move(then));
}

Task Execution::begin(decltype(Action::body) body, RetryPolicy retry) {
  auto cell = make_cell();
  if (retry.attempts() == 1) {
    act(std::move(body), [cell](Outcome outcome) { cell->complete(std::move(outcome.result)); });
  } else {
    auto call = std::make_shared<Retrying>();
    call->body = std::move(body);
    call->policy = retry;
    call->first = now_;
    call->cell = cell;
    attempt(std::move(call));
  }
  return Task(std::move(cell));
}

void Execution::attempt(std::shared_ptr<Retrying> call) {
  ++call->attempts_count;
  auto body = call->body;
  act(std::move(body), [this, call](Outcome outcome) {
    const auto& result = outcome.result;
    const auto delay = call->policy.delay_after(call->attempts_count);
    const auto total = call->policy.give_up_after();
    const bool too_late = total.count() > 0 && now_ + delay > call->first + total;
    if (result || outcome.non_retriable || !may_pass(result.error().code()) || too_late ||
        call->attempts_count >= call->policy.attempts()) {
      call->cell->complete(std::move(outcome.result));
      return;
    }
    act(CreateTimer{now_ + delay}, [this, call](const Outcome&) { attempt(call); });
  });
}

Task Execution::wait_for_event(std::string name, std::optional<std::chrono::milliseconds> timeout) {
  auto cell = make_cell();
  events_.wait(name, cell);
  if (!timeout || cell->done()) return Task(std::move(cell));
  Error late(Code::deadline_exceeded,
             "no event '" + name + "' within " + std::to_string(timeout->count()) + " ms");
  if (timeout->count() <= 0) {
    cell->complete(std::move(late));
    return Task(std::move(cell));
  }
  const std::weak_ptr<detail::Cell> waiting = cell;
  act(CreateTimer{now_ + *timeout}, [waiting, late](const Outcome&) {
    if (const auto still = waiting.lock()) still->complete(late);
  });
  return Task(std::move(cell));
}

Task Execution::spawn(Orchestration<> coroutine) {
  auto cell = make_cell();
  Spawned& spawned = spawned_.emplace_back(Spawned{std::move(coroutine), cell});
  spawned.coroutine.start(loop_,
                          [&spawned] { spawned.cell->complete(spawned.coroutine.take_result()); });
  return Task(std::move(cell));
}

std::string Execution::new_guid() {
  const std::uint64_t high = guids_.next();
  const std::uint64_t low = guids_.next();
  char text[40];
  // The bits of version 4, variant 1: it is a random UUID to whoever reads it.
  std::snprintf(text, sizeof text, "%08x-%04x-4%03x-%04x-%012llx",
                static_cast<unsigned>(high >> 32), static_cast<unsigned>(high >> 16 & 0xffff),
                static_cast<unsigned>(high & 0xfff),
                static_cast<unsigned>((low >> 48 & 0x3fff) | 0x8000),
                static_cast<unsigned long long>(low & 0xffffffffffffu));
  return text;
}

}  // namespace cloudfolio::durable

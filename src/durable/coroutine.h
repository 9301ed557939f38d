#pragma once
// The coroutine type of orchestrations, and the trampoline that runs it.
//
// Nothing here resumes a coroutine from inside another one's await: whoever becomes ready is
// queued, and the loop resumes from the top. So a million awaits that complete at once use one
// stack frame, at any optimisation level (GCC 12 makes no promise about symmetric transfer).
//
// Threads: one at a time. Lifetime: a Loop outlives the coroutines it runs; destroying a suspended
// coroutine runs its destructors and nothing else.

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace cloudfolio::durable {

template <class T = std::string>
class Orchestration;

namespace detail {

// The ready queue.
class Loop {
 public:
  void post(std::coroutine_handle<> ready) { ready_.push_back(ready); }
  // Resumes until nobody is ready.
  void drain();
  // Numbers completions: the order in which tasks were done.
  std::uint64_t next_order() { return ++order_; }

 private:
  std::vector<std::coroutine_handle<>> ready_;  // From next_ on; the rest has been resumed.
  std::size_t next_ = 0;
  std::uint64_t order_ = 0;
};

// A result that is not there yet, and who waits for it.
class Cell {
 public:
  explicit Cell(Loop& loop) : loop_(loop) {}

  bool done() const { return result_.has_value(); }
  const Result<std::string>& result() const;
  std::uint64_t order() const { return order_; }
  // The first completion counts; later ones change nothing.
  void complete(Result<std::string> result);
  void resume_when_done(std::coroutine_handle<> waiter);
  void run_when_done(std::function<void()> then);
  Loop& loop() { return loop_; }

 private:
  Loop& loop_;
  std::optional<Result<std::string>> result_;
  std::uint64_t order_ = 0;
  std::vector<std::function<void()>> then_;
};

struct PromiseBase {
  Loop* loop = nullptr;
  std::coroutine_handle<> parent;
  std::function<void()> finished;  // Of a root: called from its last suspension.
};

// What an exception that nobody caught becomes. Called inside a handler.
Error current_exception_as_error();

}  // namespace detail

// A coroutine that gives a Result<T>. Lazy: it starts when it is awaited (by another orchestration
// coroutine) or handed to the executor. Move-only; destroyed means cancelled.
template <class T>
class [[nodiscard]] Orchestration {
 public:
  struct promise_type : detail::PromiseBase {
    std::optional<Result<T>> result;

    Orchestration get_return_object() {
      return Orchestration(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct Final {
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<promise_type> self) noexcept {
        auto& promise = self.promise();
        if (promise.parent) promise.loop->post(promise.parent);
        if (promise.finished) promise.finished();
      }
      void await_resume() noexcept {}
    };
    Final final_suspend() noexcept { return {}; }
    void return_value(Result<T> value) { result.emplace(std::move(value)); }
    void unhandled_exception() { result.emplace(detail::current_exception_as_error()); }
  };

  Orchestration(Orchestration&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}
  Orchestration& operator=(Orchestration&& other) noexcept {
    if (this != &other) {
      if (frame_) frame_.destroy();
      frame_ = std::exchange(other.frame_, {});
    }
    return *this;
  }
  ~Orchestration() {
    if (frame_) frame_.destroy();
  }

  bool await_ready() const { return false; }
  template <class Parent>
  void await_suspend(std::coroutine_handle<Parent> parent) {
    frame_.promise().parent = parent;
    start(*parent.promise().loop);
  }
  Result<T> await_resume() { return *std::move(frame_.promise().result); }

  // For the executor: queues the first step of a coroutine that nobody awaits.
  void start(detail::Loop& loop, std::function<void()> finished) {
    frame_.promise().finished = std::move(finished);
    start(loop);
  }
  bool done() const { return frame_.done(); }
  Result<T> take_result() { return *std::move(frame_.promise().result); }

 private:
  explicit Orchestration(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
  void start(detail::Loop& loop) {
    frame_.promise().loop = &loop;
    loop.post(frame_);
  }

  std::coroutine_handle<promise_type> frame_;
};

}  // namespace cloudfolio::durable

#include "durable/coroutine.h"

#include "base/ensure.h"

namespace cloudfolio::durable::detail {

void Loop::drain() {
  while (next_ < ready_.size()) {
    const auto handle = ready_[next_++];
    // Room is taken back whenever everyone had a turn, so a ring of awaits does not grow for ever.
    if (next_ == ready_.size()) {
      ready_.clear();
      next_ = 0;
    }
    handle.resume();
  }
}

const Result<std::string>& Cell::result() const {
  CF_ENSURE(result_.has_value(), "the result of a task that is not done");
  return *result_;
}

void Cell::complete(Result<std::string> result) {
  if (result_) return;
  result_.emplace(std::move(result));
  order_ = loop_.next_order();
  const auto then = std::exchange(then_, {});
  for (const auto& run : then) run();
}

void Cell::resume_when_done(std::coroutine_handle<> waiter) {
  run_when_done([&loop = loop_, waiter] { loop.post(waiter); });
}

void Cell::run_when_done(std::function<void()> then) {
  if (result_) {
    then();
  } else {
    then_.push_back(std::move(then));
  }
}

Error current_exception_as_error() {
  try {
    throw;
  } catch (const std::exception& error) {
    return Error(Code::internal, std::string("exception: ") + error.what());
  } catch (...) {
    return Error(Code::internal, "exception of an unknown type");
  }
}

}  // namespace cloudfolio::durable::detail

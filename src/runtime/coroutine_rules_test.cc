// What this compiler gets right in coroutines, one test a form. A form that is not here is not
// written in the coroutine rooms: GCC 12 destroys brace-initialised aggregates and capturing
// closures twice when they are temporaries of an expression that suspends (CONTRIBUTING.md has the
// rules). A compiler change that breaks one of these forms announces itself here, first of all
// under AddressSanitizer.

#include <gtest/gtest.h>

#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/result.h"

namespace cloudfolio::runtime {
namespace {

// The least lazy task that suspends and resumes its awaiter by symmetric transfer.
template <class T>
class [[nodiscard]] Task {
 public:
  struct promise_type {
    std::optional<T> value;
    std::exception_ptr thrown;
    std::coroutine_handle<> awaiter = std::noop_coroutine();

    Task get_return_object() {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct Final {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> done) noexcept {
        return done.promise().awaiter;
      }
      void await_resume() noexcept {}
    };
    Final final_suspend() noexcept { return {}; }
    void return_value(T given) { value.emplace(std::move(given)); }
    void unhandled_exception() { thrown = std::current_exception(); }
  };

  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) {
    handle_.promise().awaiter = awaiter;
    return handle_;
  }
  T await_resume() { return take(); }

  T run() {
    handle_.resume();
    return take();
  }

 private:
  T take() {
    if (handle_.promise().thrown) std::rethrow_exception(handle_.promise().thrown);
    return std::move(*handle_.promise().value);
  }
  std::coroutine_handle<promise_type> handle_;
};

// Longer than the small-string buffer, so that a second destruction is seen.
const std::string kLong = "a text that is longer than the small-string buffer";

struct Options {
  std::string a;
  std::string b;
};
struct Limits {
  int limit = 0;
};
class Pair {
 public:
  Pair(std::string a, std::string b) : both_(std::move(a) + std::move(b)) {}
  const std::string& both() const { return both_; }

 private:
  std::string both_;
};

Task<std::string> joined(Options options) {
  co_return options.a + options.b;
}
Task<std::string> joined_pair(Pair pair) {
  co_return pair.both();
}
Task<int> limited(Limits limits) {
  co_return limits.limit;
}
Task<int> length(std::string text) {
  co_return static_cast<int>(text.size());
}
Task<std::string> both(std::string one, std::string other) {
  co_return one + other;
}
Task<std::string> called(std::function<std::string()> work) {
  co_return work();
}
Task<std::optional<std::string>> found(std::string text) {
  co_return text;
}
Task<Result<std::string>> checked(std::string text) {
  if (text.empty()) co_return Error(Code::invalid_argument, "empty");
  co_return text;
}
Task<int> throwing(std::string text) {
  if (!text.empty()) throw std::runtime_error(text);
  co_return 0;
}

TEST(CoroutineRules, an_aggregate_is_named_first_then_moved_into_the_awaited_call) {
  const auto body = []() -> Task<std::string> {
    Options options{kLong, kLong};
    co_return co_await joined(std::move(options));
  };
  EXPECT_EQ(body().run(), kLong + kLong);
}

TEST(CoroutineRules, a_capturing_closure_is_named_first) {
  const auto body = [](std::string text) -> Task<std::string> {
    auto work = [held = text] { return held; };
    co_return co_await called(std::move(work));
  };
  EXPECT_EQ(body(kLong).run(), kLong);
}

TEST(CoroutineRules, a_task_may_be_made_on_its_own_line) {
  const auto body = []() -> Task<std::string> {
    auto task = joined(Options{kLong, kLong});
    co_return co_await std::move(task);
  };
  EXPECT_EQ(body().run(), kLong + kLong);
}

TEST(CoroutineRules, a_class_with_a_constructor_may_be_a_temporary) {
  const auto body = []() -> Task<std::string> {
    co_return co_await joined_pair(Pair(kLong, kLong));
  };
  EXPECT_EQ(body().run(), kLong + kLong);
}

TEST(CoroutineRules, a_literal_of_trivial_members_may_be_a_temporary) {
  const auto body = []() -> Task<int> { co_return co_await limited({.limit = 5}); };
  EXPECT_EQ(body().run(), 5);
}

TEST(CoroutineRules, a_closure_that_captures_by_reference_only_may_be_a_temporary) {
  const auto body = [](std::string text) -> Task<std::string> {
    co_return co_await called([&text] { return text; });
  };
  EXPECT_EQ(body(kLong).run(), kLong);
}

TEST(CoroutineRules, strings_may_be_temporaries) {
  const auto body = [](std::string text) -> Task<std::string> {
    co_return co_await both(std::string(text), text + text);
  };
  EXPECT_EQ(body(kLong).run(), kLong + kLong + kLong);
}

TEST(CoroutineRules, an_await_may_stand_in_an_argument_a_switch_and_a_condition) {
  const auto body = [](std::string text) -> Task<int> {
    int sum = 0;
    const std::string twice = co_await both(co_await both(text, ""), text);
    switch (int size = co_await length(twice)) {
      case 0:
        break;
      default:
        sum += size;
    }
    if (auto one = co_await found(text); one) sum += static_cast<int>(one->size());
    co_return sum;
  };
  EXPECT_EQ(body(kLong).run(), static_cast<int>(3 * kLong.size()));
}

TEST(CoroutineRules, the_two_statement_try_passes_values_and_errors_on) {
  const auto body = [](std::string text) -> Task<Result<std::string>> {
    CF_CO_TRY(auto once, co_await checked(text));
    CF_CO_CHECK(co_await checked(once));
    co_return once + once;
  };
  EXPECT_EQ(*body(kLong).run(), kLong + kLong);
  EXPECT_EQ(body("").run().error(), Error(Code::invalid_argument, "empty"));
}

TEST(CoroutineRules, what_is_thrown_through_an_await_reaches_the_caller) {
  const auto body = [](std::string text) -> Task<std::string> {
    std::string caught;
    try {
      co_await throwing(text);
    } catch (const std::runtime_error& thrown) {
      caught = thrown.what();
    }
    co_return caught;
  };
  EXPECT_EQ(body(kLong).run(), kLong);
}

}  // namespace
}  // namespace cloudfolio::runtime

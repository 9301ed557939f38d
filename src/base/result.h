#pragma once
// Result<T>: a T, or the Error that kept us from it; and the macros that pass an Error on.
//
// CF_TRY(auto blob, store.get(ctx, key));     declares `blob`, or returns the error.
// CF_CHECK(store.remove(ctx, key));           goes on, or returns the error.
// In coroutines CF_CO_TRY and CF_CO_CHECK do the same with co_return. The TRY forms expand to
// several statements and need braces around them. (No statement expressions: GCC 12 crashes on
// those around co_await.)

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/error.h"

namespace cloudfolio {

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  // From whatever makes a T (a derived unique_ptr, a literal).
  template <class U>
  requires(std::is_convertible_v<U, T> && !std::is_same_v<std::remove_cvref_t<U>, T> &&
           !std::is_same_v<std::remove_cvref_t<U>, Error> &&
           !std::is_same_v<std::remove_cvref_t<U>, Result>) Result(U&& value)
      : state_(std::in_place_index<0>, T(std::forward<U>(value))) {}

  explicit operator bool() const { return state_.index() == 0; }
  bool ok() const { return state_.index() == 0; }

  // The value; calling these on an error is a bug (throws std::bad_variant_access).
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  T value_or(T otherwise) && {
    return ok() ? std::get<0>(std::move(state_)) : std::move(otherwise);
  }

  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

// Result<Done>: it worked, and there is nothing more to say.
struct Done {
  bool operator==(const Done&) const = default;
};
using Status = Result<Done>;

#define CF_CAT_IMPL(a, b) a##b
#define CF_CAT(a, b) CF_CAT_IMPL(a, b)
#define CF_TRY_IMPL(leave, tmp, decl, expr) \
  auto tmp = (expr);                        \
  if (!tmp) [[unlikely]]                    \
    leave std::move(tmp).error();           \
  decl = *std::move(tmp)
#define CF_CHECK_IMPL(leave, tmp, expr)     \
  if (auto tmp = (expr); !tmp) [[unlikely]] \
  leave std::move(tmp).error()

#define CF_TRY(decl, expr) CF_TRY_IMPL(return, CF_CAT(try_, __LINE__), decl, expr)
#define CF_CO_TRY(decl, expr) CF_TRY_IMPL(co_return, CF_CAT(try_, __LINE__), decl, expr)
#define CF_CHECK(expr) CF_CHECK_IMPL(return, CF_CAT(try_, __LINE__), expr)
#define CF_CO_CHECK(expr) CF_CHECK_IMPL(co_return, CF_CAT(try_, __LINE__), expr)

}  // namespace cloudfolio

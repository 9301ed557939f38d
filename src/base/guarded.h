#pragma once
// Guarded<T>: data that can only be reached through its lock.
//
// Name the access (`auto leases = leases_.lock();`): a temporary in a range-for dies before the
// body. Never hold it across I/O or co_await: copy out under the lock, act after.

#include <condition_variable>
#include <mutex>
#include <utility>

namespace cloudfolio {

template <class T>
class Guarded {
 public:
  class Access {
   public:
    T* operator->() { return &value_; }
    T& operator*() { return value_; }
    // For condition_variable waits.
    std::unique_lock<std::mutex>& unique_lock() { return lock_; }

   private:
    friend Guarded;
    Access(std::mutex& mutex, T& value) : lock_(mutex), value_(value) {}
    std::unique_lock<std::mutex> lock_;
    T& value_;
  };

  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}
  [[nodiscard]] Access lock() { return Access(mutex_, value_); }

 private:
  std::mutex mutex_;
  T value_{};
};

}  // namespace cloudfolio

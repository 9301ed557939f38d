#pragma once
// SingleFlight: of several callers who want the same thing at once, one makes it and all get it.
//
// Promises: for one key at most one make() runs at a time; callers that arrive meanwhile get its
// result (or error), or give up at their own deadline or stop. Nothing is kept after the flight.
// Threads: thread-safe. make() runs on the first caller's thread and must not throw.

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "base/context.h"
#include "base/result.h"

namespace cloudfolio::runtime {

template <class Key, class Value>
class SingleFlight {
 public:
  template <class Make>
  Result<Value> get(const Context& ctx, const Key& key, Make&& make) {
    std::unique_lock lock(mutex_);
    if (auto flying = flights_.find(key); flying != flights_.end()) {
      const std::shared_ptr<Flight> flight = flying->second;
      return wait_for(ctx, lock, *flight);
    }
    const auto flight = std::make_shared<Flight>();
    flights_.emplace(key, flight);
    lock.unlock();
    Result<Value> made = std::forward<Make>(make)();
    lock.lock();
    flight->result.emplace(made);
    flights_.erase(key);
    landed_.notify_all();
    return made;
  }

 private:
  struct Flight {
    std::optional<Result<Value>> result;
  };

  Result<Value> wait_for(const Context& ctx, std::unique_lock<std::mutex>& lock, Flight& flight) {
    const auto landed = [&] { return flight.result.has_value(); };
    if (ctx.deadline() == Clock::Instant::max())
      landed_.wait(lock, ctx.stop_token(), landed);
    else
      landed_.wait_until(lock, ctx.stop_token(), ctx.deadline(), landed);
    if (flight.result) return *flight.result;
    if (ctx.stopped()) return Error(Code::cancelled, "stopped while another caller made it");
    return Error(Code::deadline_exceeded, "another caller is still making it");
  }

  std::mutex mutex_;
  std::condition_variable_any landed_;
  std::map<Key, std::shared_ptr<Flight>> flights_;
};

}  // namespace cloudfolio::runtime

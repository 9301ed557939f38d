#pragma once
// ThreadPool: a named, bounded pool for work that may block. Full is backpressure, not a longer
// queue.
//
// Promises: work that was accepted runs exactly once, also when the pool is closed meanwhile; work
// is started in the order of acceptance. Work does not throw (what escapes ends the process).
// Threads: thread-safe. close() must not be called from the pool's own work.
// Lifetime: the destructor closes: what is queued runs first.

#include <cstddef>
#include <memory>
#include <string>

#include "base/context.h"
#include "base/result.h"
#include "runtime/work.h"

namespace cloudfolio::runtime {

enum class WhenFull {
  refuse,  // Code::unavailable at once.
  wait,    // Until there is room or the context's deadline or stop comes.
};

class ThreadPool {
 public:
  struct Options {
    std::string name = {};  // Shows in debuggers and error messages; 15 characters count.
    std::size_t threads_count = 2;
    std::size_t queued_max = 256;  // Accepted and not started.
  };

  explicit ThreadPool(Options options);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Code::unavailable when full (refuse) or closed.
  Status submit(const Context& ctx, Work work, WhenFull when_full);
  // Accepts nothing more, runs what is queued, joins. May be called twice.
  void close();

  const std::string& name() const;
  std::size_t queued_count() const;
  std::size_t running_count() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cloudfolio::runtime

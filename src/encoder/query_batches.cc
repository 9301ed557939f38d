#include "encoder/query_batches.h"

#include <utility>
#include <vector>

namespace cloudfolio::encoder {

QueryBatches::QueryBatches(Limits limits, Compute compute)
    : limits_(limits), compute_(std::move(compute)) {}

void QueryBatches::run(const Query& query) {
  Waiting own;
  own.query = query;
  std::unique_lock lock(mutex_);
  waiting_.push_back(&own);
  while (!own.done) {
    // The oldest is woken when a place is free; a younger one may be faster and computes it too.
    if (running_count_ < limits_.batches_at_once && !waiting_.empty()) {
      run_batch(lock);
    } else {
      own.changed.wait(lock);
    }
  }
  if (own.thrown) std::rethrow_exception(own.thrown);
}

void QueryBatches::run_batch(std::unique_lock<std::mutex>& lock) {
  std::vector<Waiting*> taken;
  std::vector<Query> queries;
  std::size_t token_count = 0;
  while (!waiting_.empty()) {
    const std::size_t more = waiting_.front()->query.sequence.size();
    if (!taken.empty() && token_count + more > limits_.token_count_max) break;
    token_count += more;
    taken.push_back(waiting_.front());
    queries.push_back(taken.back()->query);
    waiting_.pop_front();
  }
  ++running_count_;
  lock.unlock();
  std::exception_ptr thrown;
  try {
    compute_(queries);
  } catch (...) {
    thrown = std::current_exception();
  }
  lock.lock();
  --running_count_;
  for (Waiting* one : taken) {
    one->done = true;
    one->thrown = thrown;
    one->changed.notify_one();  // Under the lock: `one` is gone as soon as its owner has it.
  }
  if (!waiting_.empty()) waiting_.front()->changed.notify_one();
}

}  // namespace cloudfolio::encoder

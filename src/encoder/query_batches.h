#pragma once
// Queries that come while others are computed wait together and become one batch: the weights,
// whose reading is most of a query's time, are then read once for all of them.
//
// A query that meets nobody is computed at once by its own thread. No thread of its own: of those
// that wait, the one whose query is the oldest computes the next batch.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <span>

#include "encoder/tokenizer.h"

namespace cloudfolio::encoder {

struct Query {
  std::span<const TokenId> sequence;
  float* row;  // Gets the vector.
};

class QueryBatches {
 public:
  using Compute = std::function<void(std::span<const Query>)>;

  struct Limits {
    std::size_t batches_at_once = 1;
    // A batch ends before the query that would exceed it; it has at least one.
    std::size_t token_count_max = 256;
  };
  QueryBatches(Limits limits, Compute compute);

  // Returns when it is computed. Thread-safe. What `compute` throws is thrown to all of its batch.
  void run(const Query& query);

 private:
  struct Waiting {
    Query query;
    bool done = false;
    std::exception_ptr thrown;
    std::condition_variable changed;
  };
  // Computes the oldest ones. `lock` is given back meanwhile.
  void run_batch(std::unique_lock<std::mutex>& lock);

  const Limits limits_;
  const Compute compute_;
  std::mutex mutex_;
  std::deque<Waiting*> waiting_;
  std::size_t running_count_ = 0;
};

}  // namespace cloudfolio::encoder

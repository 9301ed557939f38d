#pragma once
// BatchSize: how much one request asks, learnt from how GitHub copes.
//
// Halves when a size fails twice, and does not try a size that failed again for a day, since GitHub
// charges a time-out beyond its cost; grows by a fifth after three good answers in a row that were
// quick (additive increase, multiplicative decrease). Threads: one thread at a time.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>

#include "base/clock.h"

namespace cloudfolio::github {

class BatchSize {
 public:
  BatchSize(std::size_t start, std::size_t size_max, const Clock& clock)
      : size_(start), size_max_(size_max), clock_(clock) {}

  std::size_t size() const { return size_; }
  // `asked` units were answered in `took`.
  void answered(std::size_t asked, std::chrono::nanoseconds took);
  // `asked` units were too much.
  void failed(std::size_t asked);

 private:
  std::size_t size_;
  const std::size_t size_max_;
  const Clock& clock_;
  std::size_t good_in_a_row_ = 0;
  std::size_t ceiling_ = 0;  // The smallest size that failed; 0: none.
  Clock::Instant ceiling_until_{};
};

}  // namespace cloudfolio::github

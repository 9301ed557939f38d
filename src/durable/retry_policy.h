#pragma once
// How often and how patiently a call is tried again. Each retry is a durable timer and a new
// scheduled action, so it survives a restart and shows in the history.
//
// A class and not an aggregate: GCC 12 destroys aggregate temporaries of an awaiting expression
// twice.

#include <chrono>

namespace cloudfolio::durable {

class RetryPolicy {
 public:
  using Duration = std::chrono::milliseconds;

  // One attempt, no retry.
  RetryPolicy() : first_delay_(Duration(1'000)), delay_max_(std::chrono::minutes(5)) {}

  // Attempts in all, the first one included; at least 1.
  RetryPolicy& attempts(int count) {
    attempts_ = count < 1 ? 1 : count;
    return *this;
  }
  RetryPolicy& first_delay(Duration delay) {
    first_delay_ = delay;
    return *this;
  }
  // delay(n) = min(first_delay * coefficient^n, delay_max). At least 1.
  RetryPolicy& coefficient(double factor) {
    coefficient_ = factor < 1 ? 1 : factor;
    return *this;
  }
  RetryPolicy& delay_max(Duration delay) {
    delay_max_ = delay;
    return *this;
  }
  // No new attempt once this long has passed since the first; zero means no such limit.
  RetryPolicy& give_up_after(Duration total) {
    give_up_after_ = total;
    return *this;
  }

  int attempts() const { return attempts_; }
  Duration give_up_after() const { return give_up_after_; }
  // The pause after the n-th attempt failed (n from 1).
  Duration delay_after(int attempt) const;

 private:
  int attempts_ = 1;
  double coefficient_ = 2;
  Duration first_delay_;
  Duration delay_max_;
  Duration give_up_after_{0};
};

}  // namespace cloudfolio::durable

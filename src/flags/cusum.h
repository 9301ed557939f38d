#pragma once
// Cusum: a running test of whether a rate of errors went from tolerable to bad (Page, 1954).
//
// Each outcome adds the logarithm of how much likelier it is at the bad rate than at the tolerated
// one; the sum never falls below zero, and reaching the threshold h is the alarm. At the tolerated
// rate the mean number of outcomes to a false alarm is at least e^h (Lorden, 1971). With 2 %, 10 %
// and h = ln 10^6 an alarm needs 9 errors or more, and comes after about 164 outcomes at 10 %, 54
// at 20 %, 18 at 50 %, 9 at 100 % (Wald's approximation).

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace cloudfolio::flags {

struct CusumRates {
  double tolerated = 0.02;
  double bad = 0.10;
  double outcomes_to_false_alarm = 1e6;
};

class Cusum {
 public:
  explicit Cusum(const CusumRates& rates = {})
      : step_failed_(std::log(rates.bad / rates.tolerated)),
        step_worked_(std::log((1 - rates.bad) / (1 - rates.tolerated))),
        threshold_(std::log(rates.outcomes_to_false_alarm)) {}

  enum class Outcome { worked, failed };
  void add(Outcome outcome) {
    sum_ = std::clamp(sum_ + (outcome == Outcome::failed ? step_failed_ : step_worked_), 0.0,
                      threshold_);
    if (sum_ == 0) {
      since_ = failed_ = 0;
      return;
    }
    ++since_;
    if (outcome == Outcome::failed) ++failed_;
  }
  void reset() { sum_ = 0, since_ = failed_ = 0; }

  bool reached() const { return sum_ >= threshold_; }
  double sum() const { return sum_; }
  double threshold() const { return threshold_; }
  // Since the sum last left zero, which is where the rate most likely changed.
  std::uint64_t outcomes_count() const { return since_; }
  std::uint64_t failed_count() const { return failed_; }

 private:
  double step_failed_;
  double step_worked_;
  double threshold_;
  double sum_ = 0;
  std::uint64_t since_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace cloudfolio::flags

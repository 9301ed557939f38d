#pragma once
// Where the time of a training step goes, phase by phase: what a benchmark's roofline table shows.
//
// Off without a clock, and then free. Threads: one thread at a time; each worker has its own.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/clock.h"

namespace cloudfolio::encoder {

enum class Phase : std::uint8_t {
  plan,
  embed,
  qkv,
  attention,
  projection,
  norm,
  ffn1,
  gelu,
  ffn2,
  pool,
  loss,
  norm_backward,
  gelu_backward,
  attention_backward,
  data_gradients,
  weight_gradients,
  embed_backward,
  gradient_sum,
  optimizer,
  packing,
  waiting,  // For the other threads.
};
inline constexpr std::size_t kPhaseCount = static_cast<std::size_t>(Phase::waiting) + 1;
std::string_view to_string(Phase phase);

class PhaseTimes {
 public:
  using Spent = std::chrono::nanoseconds;

  explicit PhaseTimes(const Clock* clock) : clock_(clock) {}

  void begin() {
    if (clock_ != nullptr) last_ = clock_->now();
  }
  // All since begin() or the last end() was `phase`.
  void end(Phase phase) {
    if (clock_ == nullptr) return;
    const auto now = clock_->now();
    spent_[static_cast<std::size_t>(phase)] += now - last_;
    last_ = now;
  }
  Spent spent(Phase phase) const { return spent_[static_cast<std::size_t>(phase)]; }

 private:
  const Clock* clock_;
  Clock::Instant last_;
  std::array<Spent, kPhaseCount> spent_{};
};

}  // namespace cloudfolio::encoder

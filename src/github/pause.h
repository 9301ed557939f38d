#pragma once
// Pause: how the client waits for a limit to pass or before it tries again.

#include <memory>

#include "base/clock.h"
#include "base/context.h"
#include "base/result.h"

namespace cloudfolio::github {

class Pause {
 public:
  virtual ~Pause() = default;
  // Returns at `until`; earlier with cancelled when the context is stopped, or at once with
  // deadline_exceeded if its deadline comes first. Thread-safe.
  virtual Status until(const Context& ctx, Clock::Instant until) = 0;
};

// Really waits, on the machine's steady clock.
std::unique_ptr<Pause> make_pause(const Clock& clock);

// Moves a clock that stands still to the instant, and so returns at once.
class AdvancingPause final : public Pause {
 public:
  explicit AdvancingPause(ManualClock& clock) : clock_(clock) {}
  Status until(const Context& ctx, Clock::Instant until) override;

 private:
  ManualClock& clock_;
};

}  // namespace cloudfolio::github

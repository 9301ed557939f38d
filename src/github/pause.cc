#include "github/pause.h"

#include <condition_variable>
#include <mutex>

namespace cloudfolio::github {
namespace {

class RealPause final : public Pause {
 public:
  explicit RealPause(const Clock& clock) : clock_(clock) {}

  Status until(const Context& ctx, Clock::Instant until) override {
    if (until > ctx.deadline())
      return Error(Code::deadline_exceeded, "there is no time left to wait");
    std::mutex alone;
    std::unique_lock lock(alone);
    std::condition_variable_any waiting;
    while (clock_.now() < until) {
      waiting.wait_for(lock, ctx.stop_token(), until - clock_.now(), [] { return false; });
      if (ctx.stopped()) return Error(Code::cancelled, "stopped while waiting");
    }
    return Done{};
  }

 private:
  const Clock& clock_;
};

}  // namespace

std::unique_ptr<Pause> make_pause(const Clock& clock) {
  return std::make_unique<RealPause>(clock);
}

Status AdvancingPause::until(const Context& ctx, Clock::Instant until) {
  if (until > ctx.deadline())
    return Error(Code::deadline_exceeded, "there is no time left to wait");
  if (ctx.stopped()) return Error(Code::cancelled, "stopped while waiting");
  const auto now = clock_.now();
  if (until > now) clock_.advance(until - now);
  return Done{};
}

}  // namespace cloudfolio::github

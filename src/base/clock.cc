#include "base/clock.h"

namespace cloudfolio {
namespace {
constexpr std::chrono::seconds kManualStart{1767225600};  // 2026-01-01T00:00:00Z
}

Clock::Instant SystemClock::now() const {
  return std::chrono::steady_clock::now();
}

Clock::WallTime SystemClock::wall_time() const {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

ManualClock::ManualClock() = default;

Clock::Instant ManualClock::now() const {
  // An hour from the epoch, so that a test may subtract from now().
  return Instant(std::chrono::hours(1) + std::chrono::nanoseconds(passed_ns_.load()));
}

Clock::WallTime ManualClock::wall_time() const {
  return WallTime(kManualStart + std::chrono::duration_cast<std::chrono::microseconds>(
                                     std::chrono::nanoseconds(passed_ns_.load())));
}

void ManualClock::advance(std::chrono::nanoseconds by) {
  passed_ns_ += by.count();
}

}  // namespace cloudfolio

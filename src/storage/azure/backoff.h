#pragma once
// Backoff: how long to wait before an attempt, and the waiting.

#include <chrono>
#include <cstddef>
#include <optional>

#include "base/clock.h"
#include "base/context.h"
#include "base/random.h"
#include "base/result.h"
#include "storage/azure/azure.h"

namespace cloudfolio::storage::azure {

class Backoff {
 public:
  // `random` outlives the object.
  Backoff(const Retries& retries, SharedRandom& random) : retries_(retries), random_(random) {}

  // The pause before attempt number `attempt` (1 is the first repetition); nothing if it is not to
  // be made. `retry_after` is what the service asked for.
  std::optional<std::chrono::milliseconds> pause(
      std::size_t attempt, std::optional<std::chrono::seconds> retry_after) const;

 private:
  const Retries& retries_;
  SharedRandom& random_;
};

// Waits that long; cancelled or deadline_exceeded as the context says, at once where the deadline
// lies within the pause.
Status wait(const Context& ctx, const Clock& clock, std::chrono::milliseconds pause);

// "120", or an HTTP date; nothing for anything else.
std::optional<std::chrono::seconds> retry_after_from(std::string_view text, Clock::WallTime now);

}  // namespace cloudfolio::storage::azure

#pragma once
// Whether a worker may be created now: rate, circuit breaker, quota, money. A value that is kept in
// the store with the planner's memory, so that a restart does not forget it.

#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "capacity/policy.h"
#include "capacity/worker.h"

namespace cloudfolio::capacity {

// What the platform made of a request to create.
enum class Answer : std::uint8_t {
  accepted,
  exists,       // It is there already: as good.
  throttled,    // Too many requests: later, nothing was created.
  no_capacity,  // Not of this size in this region: try another, nothing was created.
  quota,        // Ours is used up: rarely again, nothing was created.
  refused,      // The request is wrong as written; nothing was created.
  unknown,      // No answer, or one that says nothing: it may have been created.
};
std::string_view to_string(Answer answer);

struct CreationGate {
  std::vector<WallTime> created = {};   // Within the last hour, oldest first.
  std::size_t failures = 0;             // Failed starts in a row …
  WallTime failed_at = {};              // … the last of them …
  std::uint64_t failed_generation = 0;  // … and its worker; only a later one that works ends it.
  WallTime open_until = {};             // Circuit: no creation before.
  bool probing = false;                 // Half open: one attempt is under way.
  WallTime throttled_until = {};
  WallTime quota_until = {};
  std::string why = {};  // The last refusal, in words.
  // Which size and region come next: size first, then region.
  std::size_t choice = 0;

  // Empty: it may. Otherwise the reason, for people.
  std::string refusal(const Policy& policy, WallTime now) const;
  // What a person should look at, for an hour after it was last so; empty: nothing.
  std::string trouble(const Policy& policy, WallTime now) const;
  void note_asked(const Policy& policy, WallTime now);
  // `retry_after` counts for throttled; up to half of it again is added by chance.
  void note_answer(const Policy& policy, Answer answer, std::chrono::seconds retry_after,
                   const std::string& why, WallTime now, Random& random);
  void note_worked();                                    // A worker took work.
  void note_failed(const Policy& policy, WallTime now);  // One ended, or was given up, before.

  std::string to_text() const;
  static Result<CreationGate> from_text(std::string_view text);
};

}  // namespace cloudfolio::capacity

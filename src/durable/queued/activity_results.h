#pragma once
// What activities of other processes gave: one blob a task, written once.
//
// Promises: the first result that is kept for a task is its result for ever; a later one (of a
// worker that lost its claim, of a message delivered twice) changes nothing.
// Places:   `{tenant}/{execution}/{task}` in container kActivityResultContainer; metadata
//   `username` and `kind`. Kept for kResultKeptFor, which is longer than a message about it lives.
// Threads:  thread-safe. Errors: those of BlobStore.

#include <chrono>
#include <optional>
#include <string>

#include "base/clock.h"
#include "durable/dispatcher.h"
#include "durable/queued/activity_message.h"
#include "storage/storage.h"

namespace cloudfolio::durable {

inline constexpr std::string_view kActivityResultContainer = "activity-results";
inline constexpr std::chrono::hours kResultKeptFor{8 * 24};
inline constexpr std::size_t kResultSliceCount = 500;
// Whoever asks for a task looks for its result and then sends its message within this time or not
// at all; a message that was written later than that after the result is none of its.
inline constexpr std::chrono::seconds kSendLongest{10};

// What an activity ended with.
struct ActivityOutcome {
  Result<std::string> result;
  Clock::WallTime kept_at = {};  // By the store's clock, to the second.
};

class ActivityResultStore {
 public:
  // `blobs` and `clock` outlive it.
  ActivityResultStore(storage::BlobStore& blobs, const Clock& clock)
      : blobs_(blobs), clock_(clock) {}

  // Keeps `result` unless there is one already.
  Status keep(const Context& ctx, const ResultMessage& task, const Result<std::string>& result);
  // What was kept; nullopt: nothing yet.
  Result<std::optional<ActivityOutcome>> find(const Context& ctx, const ResultMessage& task);
  // Removes what is older than kResultKeptFor, looking at one page from `continuation` on; gives
  // the next continuation, empty at the end.
  Result<std::string> sweep(const Context& ctx, const std::string& continuation);

 private:
  storage::BlobStore& blobs_;
  const Clock& clock_;
};

// The task of a message.
ResultMessage result_message_of(const ActivityInfo& info);

}  // namespace cloudfolio::durable

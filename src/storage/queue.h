#pragma once
// Messages that wait until somebody has dealt with them.
//
// receive() hides a message for a while and hands out a receipt; whoever deals with it in time
// removes it with that receipt, or renews it while the work goes on; otherwise it comes back to
// somebody else.
//
// Promises (Azure Queue Storage keeps them as well; testing/queue_conformance.cc):
//  - A send that succeeded is durable. A message is delivered at least once, unless it expires
//  first.
//  - At any moment at most one receipt of a message is valid: the one given out last by receive()
//  or
//    renew(). An older one is Code::conflict and changes nothing.
//  - dequeue_count is the number of times the message was received, this time included. There is no
//    dead-letter rule inside: the caller counts, and moves.
//  - Order is roughly that of becoming visible; nobody may rely on it.
//  - A receipt that ran out still works as long as nobody received the message since.
// Bodies:   at most 64 KiB of UTF-8 text without control characters other than tab and newline.
// Times:    whole seconds.
// Threads:  thread-safe.
// Errors:   invalid_argument: against the rules above. conflict: the receipt is old. not_found: the
//   message is gone (removed or expired). unavailable, corrupt: as in blob_store.h.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/result.h"

namespace cloudfolio::storage {

using MessageId = Id<struct MessageIdTag>;
using PopReceipt = Id<struct PopReceiptTag>;  // Opaque.

inline constexpr std::size_t kMessageBytesMax = 64 * kKiB;
inline constexpr std::size_t kReceiveCountMax = 32;
inline constexpr std::chrono::seconds kVisibilityMax{7 * 24 * 3600};
inline constexpr std::chrono::seconds kTimeToLiveMax{10L * 365 * 24 * 3600};

struct SendOptions {
  std::chrono::seconds delay{0};  // Hidden for so long at first; below time_to_live.
  // Gone after so long, dealt with or not: 1 s to kTimeToLiveMax. Absent: never.
  std::optional<std::chrono::seconds> time_to_live = std::chrono::seconds(7 * 24 * 3600);
};

struct ReceiveOptions {
  std::size_t max_count = 1;            // 1 to kReceiveCountMax.
  std::chrono::seconds visibility{30};  // Hidden from others for so long: 1 s to kVisibilityMax.
};

struct Message {
  MessageId id;
  std::string body;
  std::uint32_t dequeue_count = 0;
  Clock::WallTime inserted_at;
  std::optional<Clock::WallTime> expires_at;  // Absent: never.
};

struct ReceivedMessage {
  Message message;
  PopReceipt receipt;
  Clock::WallTime visible_at;  // Others may receive it from then on.
};

struct RenewOptions {
  std::chrono::seconds visibility{30};   // From now; 0 gives the message back at once.
  std::optional<std::string> body = {};  // Present: replaces the body.
};

struct Renewal {
  PopReceipt receipt;  // The one before is void.
  Clock::WallTime visible_at;
};

enum class Wakeup : std::uint8_t {
  message,  // There may be one to receive; somebody else may be faster.
  time_up,
};

class Queue {
 public:
  virtual ~Queue() = default;

  virtual Result<MessageId> send(const Context& ctx, std::string body,
                                 const SendOptions& options) = 0;
  // At most max_count visible messages; an empty answer is no error and does not wait.
  virtual Result<std::vector<ReceivedMessage>> receive(const Context& ctx,
                                                       const ReceiveOptions& options) = 0;
  virtual Result<Renewal> renew(const Context& ctx, const MessageId& id, const PopReceipt& receipt,
                                const RenewOptions& options) = 0;
  virtual Status remove(const Context& ctx, const MessageId& id, const PopReceipt& receipt) = 0;
  // Visible messages, left as they are; 1 to kReceiveCountMax.
  virtual Result<std::vector<Message>> peek(const Context& ctx, std::size_t max_count) = 0;
  // Hidden ones included; may be out of date, may count expired ones for a while.
  virtual Result<std::uint64_t> approximate_count(const Context& ctx) = 0;
  virtual Status clear(const Context& ctx) = 0;

  // Returns when a message may be visible, when `until` has come, or with cancelled or
  // deadline_exceeded as the context says. A message sent through this process wakes at once in the
  // embedded and memory backends, one of another process on the same store within kForeignRecheck;
  // a backend across a network asks again with growing pauses. May wake for nothing: receive, then
  // wait again.
  virtual Result<Wakeup> wait_for_message(const Context& ctx, Clock::Instant until) = 0;

  static constexpr std::chrono::milliseconds kForeignRecheck{50};
};

}  // namespace cloudfolio::storage

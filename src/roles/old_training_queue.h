#pragma once
// OldTrainingQueue: the queue `model-training` of the original's version 0.2, while both
// applications share a store: each message begins the training that our own queue then carries
// (docs/formats/old-training-message.md).
//
// What names no bundle that is there as it says is put aside on `model-training-poison` with the
// reason; so is what failed starts_max times. A message is removed after its training was begun,
// and beginning one twice is one.
//
// Threads: look() from one. Everything given outlives it.

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/context.h"
#include "base/id.h"
#include "base/result.h"
#include "storage/storage.h"
#include "telemetry/log.h"

namespace cloudfolio::roles {

struct OldTrainingMessage {
  TenantId tenant;
  std::string job;          // "" in the early form.
  std::string bundle_key;   // The claim check; "" in the early form, which carried the bundle.
  std::string fingerprint;  // Of that bundle, as the original computes it; may be "".
};
// JSON or base64 of it, with or without a byte order mark; unknown members are ignored. Errors:
// invalid_argument, with what is wrong.
Result<OldTrainingMessage> read_old_training_message(std::string_view body);

class OldTrainingQueue {
 public:
  static constexpr const char* kQueue = "model-training";
  static constexpr const char* kPoison = "model-training-poison";
  static constexpr std::int64_t kStartsMax = 5;
  static constexpr std::chrono::seconds kVisibility{60};

  struct Parts {
    storage::Storage& storage;
    telemetry::Log& log;
    // The original's fingerprint of what is published. not_found: nothing is.
    std::function<Result<std::string>(const Context&, const TenantId&)> published;
    std::function<Status(const Context&, const TenantId&)> start_training;
  };
  explicit OldTrainingQueue(Parts parts) : parts_(std::move(parts)) {}

  // Looks at what is there now. Errors: the store's.
  Status look(const Context& ctx);

 private:
  Status handle(const Context& ctx, storage::Queue& queue,
                const storage::ReceivedMessage& received);
  Status put_aside(const Context& ctx, storage::Queue& queue,
                   const storage::ReceivedMessage& received, const std::string& reason);

  const Parts parts_;
};

}  // namespace cloudfolio::roles

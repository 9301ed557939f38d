#pragma once
// The message that asks another process to run one activity: JSON, below kActivityMessageBytesMax,
// so that it stays below a queue's 64 KiB even as base64 (docs/formats/activity-message.md).
//
//   {"v":1,"activity":"run_training","tenant":"octocat","instance":"train:octocat:9f…",
//    "execution":"5be1…","task":4,"attempt":1,"trace":"…","tags":{…},"input":"…"}
//
// Readers accept unknown members and refuse another `v`: such a message is put aside with that
// reason.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/result.h"
#include "durable/dispatcher.h"
#include "json/json.h"
#include "storage/queue.h"

namespace cloudfolio::durable {

inline constexpr std::size_t kActivityMessageBytesMax = 48 * kKiB;
inline constexpr std::int64_t kActivityMessageVersion = 1;

// Errors: invalid_argument: too long. History holds references, so an input that long is a bug of
// the orchestration.
Result<std::string> write_activity_message(const ActivityTask& task);
// Reads JSON, or base64 of it (what queue triggers write by default), with or without a byte order
// mark. Errors: invalid_argument, with what is wrong.
Result<ActivityTask> read_activity_message(std::string_view body);

// The object in a message's body: JSON, or base64 of it (what queue triggers write by default),
// with or without a byte order mark. Errors: invalid_argument, with what is wrong.
Result<json::Object> decode_message_body(std::string_view body);

// What is put aside of a message that nobody can work on (docs/formats/activity-message.md); a body
// that makes it too long for a queue is cut.
std::string poison_note(const storage::Message& message, const std::string& reason);

// Puts `message` on `poison` with the reason, once: whoever did so may have died before it removed
// the message. The caller removes it.
Status put_aside(const Context& ctx, storage::Queue& poison, const storage::Message& message,
                 const std::string& reason);

// The message that says that a result is there to be read.
struct ResultMessage {
  std::string tenant;
  std::string execution;
  std::int32_t task = 0;
};
std::string write_result_message(const ResultMessage& message);
Result<ResultMessage> read_result_message(std::string_view body);

}  // namespace cloudfolio::durable

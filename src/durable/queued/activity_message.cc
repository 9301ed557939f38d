#include "durable/queued/activity_message.h"

#include "crypto/encoding.h"
#include "json/json.h"
#include "storage/rules.h"

namespace cloudfolio::durable {
namespace {

constexpr std::size_t kPlaceNameBytesMax = 128;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

constexpr std::size_t kPoisonBodyBytesMax = 8 * kKiB;

// The JSON in a body that may be base64 of it.
Result<std::string> decode_message_text(std::string_view body) {
  if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
  if (body.empty()) return Error(Code::invalid_argument, "the message is empty");
  if (body.front() == '{') return std::string(body);
  auto text = crypto::from_base64(body);
  if (!text) return Error(Code::invalid_argument, "the message is neither JSON nor base64");
  return *std::move(text);
}

}  // namespace

Result<json::Object> decode_message_body(std::string_view body) {
  CF_TRY(const std::string text, decode_message_text(body));
  return json::parse_object(text);
}

std::string poison_note(const storage::Message& message, const std::string& reason) {
  json::Object note;
  note["v"] = kActivityMessageVersion;
  note["id"] = message.id.str();
  note["reason"] = reason;
  note["received_count"] = message.dequeue_count;
  note["body"] = message.body;
  std::string body = json::write(note);
  if (body.size() <= storage::kMessageBytesMax) return body;
  std::size_t size = kPoisonBodyBytesMax;  // Not within a character.
  while (size > 0 && (static_cast<unsigned char>(message.body[size]) & 0xC0) == 0x80) --size;
  note["body"] = message.body.substr(0, size);
  note["cut"] = true;
  return json::write(note);
}

namespace {

Result<bool> is_aside(const Context& ctx, storage::Queue& poison, const storage::MessageId& id) {
  CF_TRY(const auto notes, poison.peek(ctx, storage::kReceiveCountMax));
  for (const storage::Message& note : notes) {
    const auto object = json::parse_object(note.body);
    if (object && json::find_string(*object, "id") == id.str()) return true;
  }
  return false;
}

}  // namespace

Status put_aside(const Context& ctx, storage::Queue& poison, const storage::Message& message,
                 const std::string& reason) {
  CF_TRY(const bool aside, is_aside(ctx, poison, message.id));
  if (aside) return Done{};
  CF_CHECK(poison.send(ctx, poison_note(message, reason), {.time_to_live = {}}));
  return Done{};
}

namespace {

Result<json::Object> read_object(std::string_view body) {
  CF_TRY(const std::string text, decode_message_text(body));
  if (text.size() > kActivityMessageBytesMax) {
    return Error(Code::invalid_argument, "the message has " + std::to_string(text.size()) +
                                             " bytes and the limit is " +
                                             std::to_string(kActivityMessageBytesMax));
  }
  CF_TRY(auto object, json::parse_object(text));
  const auto version = json::find_int(object, "v");
  if (version != kActivityMessageVersion) {
    return Error(Code::invalid_argument,
                 "the message has version " +
                     (version ? std::to_string(*version) : std::string("none")) +
                     " and this program reads " + std::to_string(kActivityMessageVersion));
  }
  return object;
}

Result<std::string> text_of(const json::Object& object, std::string_view key) {
  const auto text = json::find_string(object, key);
  if (text && !text->empty()) return std::string(*text);
  return Error(Code::invalid_argument, "the message lacks '" + std::string(key) + "'");
}

Result<std::int32_t> number_of(const json::Object& object, std::string_view key) {
  const auto number = json::find_int(object, key);
  if (number && *number >= 0 && *number <= INT32_MAX) return static_cast<std::int32_t>(*number);
  return Error(Code::invalid_argument,
               "the message's '" + std::string(key) + "' is no number from 0 on");
}

std::string optional_text(const json::Object& object, std::string_view key) {
  return std::string(json::find_string(object, key).value_or(""));
}

// Results and claims have their places by these names: what names none could never be answered and
// would come back for ever.
Status check_place(const ActivityInfo& info) {
  const auto tenant = info.tags.find("tenant");
  const std::string owner = tenant == info.tags.end() ? "-" : tenant->second;
  for (const std::string* name : {&owner, &info.execution_id}) {
    if (name->size() <= kPlaceNameBytesMax) continue;
    return Error(Code::invalid_argument, "the message's tenant or 'execution' is longer than " +
                                             std::to_string(kPlaceNameBytesMax) +
                                             " bytes and names no place");
  }
  CF_CHECK(storage::check_entity_key({info.execution_id, "task"}));
  return storage::check_blob_key(
      storage::BlobKey(owner + "/" + info.execution_id + "/" + info.instance_id));
}

}  // namespace

Result<std::string> write_activity_message(const ActivityTask& task) {
  json::Object tags;
  for (const auto& [name, value] : task.info.tags) tags[name] = value;
  const auto tenant = task.info.tags.find("tenant");
  json::Object message;
  message["v"] = kActivityMessageVersion;
  message["activity"] = task.info.name;
  message["tenant"] = tenant == task.info.tags.end() ? std::string() : tenant->second;
  message["instance"] = task.info.instance_id;
  message["execution"] = task.info.execution_id;
  message["task"] = task.info.task_id;
  message["attempt"] = task.info.attempt;
  message["trace"] = task.trace.str();
  message["version"] = task.version;
  message["tags"] = std::move(tags);
  message["input"] = task.input;
  std::string body = json::write(message);
  if (body.size() <= kActivityMessageBytesMax) return body;
  return Error(Code::invalid_argument,
               "the input of activity '" + task.info.name + "' makes a message of " +
                   std::to_string(body.size()) + " bytes and the limit is " +
                   std::to_string(kActivityMessageBytesMax) + ": give it a reference");
}

Result<ActivityTask> read_activity_message(std::string_view body) {
  CF_TRY(const auto object, read_object(body));
  ActivityTask task;
  CF_TRY(task.info.name, text_of(object, "activity"));
  CF_TRY(task.info.instance_id, text_of(object, "instance"));
  CF_TRY(task.info.execution_id, text_of(object, "execution"));
  CF_TRY(task.info.task_id, number_of(object, "task"));
  CF_TRY(task.info.attempt, number_of(object, "attempt"));
  task.trace = TraceId(optional_text(object, "trace"));
  task.version = optional_text(object, "version");
  task.input = optional_text(object, "input");
  if (const auto* tags = json::find_object(object, "tags")) {
    for (const auto& [name, value] : *tags) {
      if (const auto text = json::as_string(value))
        task.info.tags[std::string(name)] = std::string(*text);
    }
  }
  CF_CHECK(check_place(task.info));
  return task;
}

std::string write_result_message(const ResultMessage& message) {
  json::Object object;
  object["v"] = kActivityMessageVersion;
  object["tenant"] = message.tenant;
  object["execution"] = message.execution;
  object["task"] = message.task;
  return json::write(object);
}

Result<ResultMessage> read_result_message(std::string_view body) {
  CF_TRY(const auto object, read_object(body));
  ResultMessage message;
  message.tenant = optional_text(object, "tenant");
  CF_TRY(message.execution, text_of(object, "execution"));
  CF_TRY(message.task, number_of(object, "task"));
  return message;
}

}  // namespace cloudfolio::durable

#include "durable/queued/client_message.h"

#include "crypto/encoding.h"
#include "durable/codec.h"

namespace cloudfolio::durable {
namespace {

constexpr std::int64_t kVersion = 1;

std::string text(const json::Object& object, std::string_view key) {
  return std::string(json::find_string(object, key).value_or(""));
}

std::int64_t micros(Clock::WallTime time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}
Clock::WallTime from_micros(std::int64_t count) {
  return Clock::WallTime(
      std::chrono::duration_cast<Clock::WallTime::duration>(std::chrono::microseconds(count)));
}
void put_time(json::Object& object, std::string_view key,
              const std::optional<Clock::WallTime>& time) {
  if (time) object[key] = micros(*time);
}
std::optional<Clock::WallTime> find_time(const json::Object& object, std::string_view key) {
  const auto count = json::find_int(object, key);
  if (!count) return std::nullopt;
  return from_micros(*count);
}

json::Object tags_object(const Tags& tags) {
  json::Object object;
  for (const auto& [name, value] : tags) object[name] = value;
  return object;
}
Tags tags_from(const json::Object& object) {
  Tags tags;
  if (const auto* found = json::find_object(object, "tags")) {
    for (const auto& [name, value] : *found) {
      if (const auto value_text = json::as_string(value))
        tags[std::string(name)] = std::string(*value_text);
    }
  }
  return tags;
}

Result<OrchestrationStatus> status_of(std::string_view name) {
  if (const auto status = status_from(name)) return *status;
  return Error(Code::invalid_argument, "no status '" + std::string(name) + "'");
}

Result<const json::Object*> object_of(const json::Value& value) {
  if (value.is_object()) return &value.get_object();
  return Error(Code::corrupt, "an answer is no object");
}

}  // namespace

Result<std::string> write_request(const ClientRequest& request) {
  json::Object object;
  object["v"] = kVersion;
  object["id"] = request.id;
  object["verb"] = request.verb;
  object["tenant"] = request.tenant;
  object["trace"] = request.trace;
  object["arguments"] = request.arguments;
  std::string body = json::write(object);
  if (body.size() <= kRequestBytesMax) return body;
  return Error(Code::invalid_argument, "a request of " + std::to_string(body.size()) +
                                           " bytes to the orchestrator; the limit is " +
                                           std::to_string(kRequestBytesMax) +
                                           ": give it a reference");
}

Result<ClientRequest> read_request(std::string_view body) {
  CF_TRY(const auto object, json::parse_object(body));
  if (json::find_int(object, "v") != kVersion)
    return Error(Code::invalid_argument, "a request of another version");
  ClientRequest request{.id = text(object, "id"),
                        .verb = text(object, "verb"),
                        .tenant = text(object, "tenant"),
                        .trace = text(object, "trace"),
                        .arguments = {}};
  if (request.id.empty() || request.verb.empty())
    return Error(Code::invalid_argument, "a request lacks 'id' or 'verb'");
  if (const auto* arguments = json::find_object(object, "arguments"))
    request.arguments = *arguments;
  return request;
}

std::string write_reply(const Result<json::Value>& reply) {
  json::Object object;
  if (reply) {
    object["value"] = *reply;
  } else {
    object["error"] = std::string(to_string(reply.error().code()));
    object["message"] = reply.error().message();
  }
  return json::write(object);
}

Result<json::Value> read_reply(std::string_view body) {
  CF_TRY(const auto object, json::parse_object(body));
  if (const auto* value = json::find(object, "value")) return *value;
  return Error(code_from(text(object, "error")), text(object, "message"));
}

json::Value to_json(const StartOptions& options) {
  json::Object object;
  object["name"] = options.name;
  object["instance"] = options.instance.str();
  object["input"] = options.input;
  object["version"] = options.version;
  object["reuse"] = static_cast<std::int64_t>(options.reuse);
  object["tags"] = tags_object(options.tags);
  put_time(object, "start_at", options.start_at);
  return object;
}

Result<StartOptions> start_options_from(const json::Object& object) {
  StartOptions options;
  options.name = text(object, "name");
  options.instance = InstanceId(text(object, "instance"));
  options.input = text(object, "input");
  options.version = text(object, "version");
  const auto reuse = json::find_int(object, "reuse").value_or(0);
  if (reuse < 0 || reuse > static_cast<std::int64_t>(Reuse::any))
    return Error(Code::invalid_argument, "no such reuse");
  options.reuse = static_cast<Reuse>(reuse);
  options.tags = tags_from(object);
  options.start_at = find_time(object, "start_at");
  return options;
}

json::Value to_json(const OrchestrationState& state) {
  json::Object object;
  object["instance"] = state.instance.str();
  object["execution"] = state.execution_id;
  object["name"] = state.name;
  object["version"] = state.version;
  object["status"] = std::string(to_string(state.status));
  put_time(object, "created", state.created);
  put_time(object, "updated", state.updated);
  put_time(object, "completed", state.completed);
  object["parent"] = state.parent_instance;
  object["tags"] = tags_object(state.tags);
  if (state.stalled) object["stalled"] = *state.stalled;
  object["input"] = state.input;
  object["output"] = state.output;
  object["custom_status"] = state.custom_status;
  if (state.failure) object["failure"] = crypto::to_base64(encode(*state.failure));
  return object;
}

Result<OrchestrationState> state_from(const json::Value& value) {
  CF_TRY(const json::Object* const found, object_of(value));
  const json::Object& object = *found;
  OrchestrationState state;
  state.instance = InstanceId(text(object, "instance"));
  state.execution_id = text(object, "execution");
  state.name = text(object, "name");
  state.version = text(object, "version");
  CF_TRY(state.status, status_of(text(object, "status")));
  state.created = find_time(object, "created").value_or(Clock::WallTime{});
  state.updated = find_time(object, "updated").value_or(Clock::WallTime{});
  state.completed = find_time(object, "completed");
  state.parent_instance = text(object, "parent");
  state.tags = tags_from(object);
  if (const auto stalled = json::find_string(object, "stalled"))
    state.stalled = std::string(*stalled);
  state.input = text(object, "input");
  state.output = text(object, "output");
  state.custom_status = text(object, "custom_status");
  if (const auto failure = json::find_string(object, "failure")) {
    const auto bytes = crypto::from_base64(*failure);
    if (!bytes) return Error(Code::corrupt, "a failure that is no base64");
    CF_TRY(state.failure, decode_failure(*bytes));
  }
  return state;
}

json::Value to_json(const QueryFilter& filter) {
  json::Array statuses;
  for (const auto status : filter.statuses) statuses.emplace_back(std::string(to_string(status)));
  json::Object object;
  object["statuses"] = std::move(statuses);
  put_time(object, "created_from", filter.created_from);
  put_time(object, "created_to", filter.created_to);
  object["prefix"] = filter.id_prefix;
  object["payloads"] = filter.include == Include::payloads;
  return object;
}

Result<QueryFilter> filter_from(const json::Object& object) {
  QueryFilter filter;
  if (const auto* statuses = json::find_array(object, "statuses")) {
    for (const json::Value& status : *statuses) {
      CF_TRY(const auto known, status_of(json::as_string(status).value_or("")));
      filter.statuses.push_back(known);
    }
  }
  filter.created_from = find_time(object, "created_from");
  filter.created_to = find_time(object, "created_to");
  filter.id_prefix = text(object, "prefix");
  if (json::find_bool(object, "payloads").value_or(false)) filter.include = Include::payloads;
  return filter;
}

json::Value to_json(const History& history) {
  return json::Value(crypto::to_base64(encode_chunk(history)));
}

Result<History> history_from(const json::Value& value) {
  const auto encoded = json::as_string(value);
  const auto bytes = encoded ? crypto::from_base64(*encoded) : std::nullopt;
  if (!bytes) return Error(Code::corrupt, "a history that is no base64");
  History history;
  CF_CHECK(decode_chunk(*bytes, history));
  return history;
}

}  // namespace cloudfolio::durable

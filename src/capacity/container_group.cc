// Container groups as Resource Manager's JSON, and its refusals.

#include <algorithm>
#include <charconv>

#include "capacity/aci_platform.h"
#include "json/json.h"

namespace cloudfolio::capacity {
namespace {

constexpr std::chrono::seconds kRetryAfterDefault{30};
constexpr std::chrono::seconds kRetryAfterMax{3'600};

json::Object tags_of(const AciOptions& options, const CreateRequest& request) {
  json::Object tags;
  for (const auto& [name, value] : options.cost_tags) tags[name] = value;
  tags["cloudfolio-owner"] = options.owner;
  tags["cloudfolio-queue"] = request.queue;
  tags["cloudfolio-generation"] = std::to_string(request.generation);
  return tags;
}

json::Array environment_of(const AciOptions& options, const CreateRequest& request) {
  json::Array variables;
  const auto add = [&variables](std::string_view name, std::string_view value) {
    variables.push_back(json::Object{{"name", name}, {"value", value}});
  };
  for (const auto& [name, value] : options.environment) add(name, value);
  add("CLOUDFOLIO_WORKER", request.name);
  add("CLOUDFOLIO_WORKER_GENERATION", std::to_string(request.generation));
  add("CLOUDFOLIO_WORKER_QUEUE", request.queue);
  return variables;
}

std::chrono::seconds retry_after(const http::Response& response) {
  const auto text = response.headers.find("Retry-After").value_or("");
  long seconds = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (failed != std::errc() || end != text.data() + text.size() || seconds < 0)
    return kRetryAfterDefault;
  return std::min(std::chrono::seconds(seconds), kRetryAfterMax);
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

std::string container_group_json(const AciOptions& options, const CreateRequest& request) {
  json::Object requests{{"cpu", request.size.cpu_count}, {"memoryInGB", request.size.memory_gib}};
  json::Object container_properties{{"image", request.image},
                                    {"resources", json::Object{{"requests", std::move(requests)}}},
                                    {"environmentVariables", environment_of(options, request)}};
  if (!options.command.empty()) {
    json::Array command;
    for (const std::string& word : options.command) command.push_back(json::Value(word));
    container_properties["command"] = std::move(command);
  }
  json::Object container{{"name", "worker"}, {"properties", std::move(container_properties)}};
  json::Object properties{{"osType", "Linux"},
                          {"restartPolicy", "Never"},
                          {"sku", "Standard"},
                          {"containers", json::Array{std::move(container)}}};
  if (!options.registry.empty()) {
    json::Object credential{{"server", options.registry}, {"identity", options.identity_id}};
    properties["imageRegistryCredentials"] = json::Array{std::move(credential)};
  }
  json::Object group{{"location", request.region}, {"tags", tags_of(options, request)}};
  if (!options.identity_id.empty()) {
    json::Object identities{{options.identity_id, json::Object()}};
    group["identity"] =
        json::Object{{"type", "UserAssigned"}, {"userAssignedIdentities", std::move(identities)}};
  }
  group["properties"] = std::move(properties);
  return json::write(json::Value(std::move(group)));
}

CreateAnswer create_answer_from(const http::Response& response) {
  if (response.status >= 200 && response.status < 300) return {Answer::accepted};
  std::string code;
  std::string message;
  if (const auto body = json::parse_object(response.body.view())) {
    if (const json::Object* error = json::find_object(*body, "error")) {
      code = json::find_string(*error, "code").value_or("");
      message = json::find_string(*error, "message").value_or("");
    }
  }
  CreateAnswer answer{
      Answer::unknown, std::chrono::seconds(0),
      "status " + std::to_string(response.status) + " " + code + ": " + message.substr(0, 300)};
  // "Limit 0" is how a region answers to one name used in several regions at once: no other size
  // helps.
  const bool limit_zero = contains(message, "Limit: 0") || contains(message, "limit 0");
  if (response.status == 429) {
    answer.answer = contains(code, "Quota") ? Answer::quota : Answer::throttled;
    answer.retry_after = retry_after(response);
  } else if (contains(code, "Quota") || limit_zero) {
    answer.answer = Answer::quota;
  } else if (code == "ServiceUnavailable" || contains(code, "Capacity") ||
             contains(code, "NotAvailable")) {
    answer.answer =
        response.status == 409 || response.status == 400 ? Answer::no_capacity : Answer::unknown;
  } else if (response.status == 409) {
    answer.answer = Answer::unknown;  // Transitioning: something of that name is there.
  } else if (response.status >= 400 && response.status < 500 && response.status != 408) {
    answer.answer = Answer::refused;
  }
  return answer;
}

}  // namespace cloudfolio::capacity

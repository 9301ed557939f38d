#include "gateway/instance_view.h"

#include "base/time_text.h"
#include "tenancy/login.h"

namespace cloudfolio::gateway {
namespace {

json::Value show_payload(const std::string& payload) {
  if (payload.empty()) return nullptr;
  auto value = json::parse(payload);
  return value ? *std::move(value) : json::Value(payload);
}

template <class Event>
void show_details(const Event& event, json::Object& shown) {
  if constexpr (requires { event.task_scheduled_id; })
    shown["TaskScheduledId"] = event.task_scheduled_id;
  if constexpr (requires { event.timer_id; }) shown["TimerId"] = event.timer_id;
  if constexpr (requires { event.name; }) shown["Name"] = event.name;
  if constexpr (requires { event.instance_id; }) shown["InstanceId"] = event.instance_id;
  if constexpr (requires { event.fire_at; }) shown["FireAt"] = to_text(event.fire_at);
  if constexpr (requires { event.status; })
    shown["OrchestrationStatus"] = durable::to_string(event.status);
}

constexpr std::string_view kPrivatePrefix = "private:";

}  // namespace

void hide_costs(json::Value& report) {
  if (auto* object = report.if_object())
    for (const char* cost :
         {"github_requests", "github_points", "seconds", "cpu_seconds", "cost_micros", "currency"})
      object->erase(cost);
}

void hide_failure(json::Object& shown) {
  json::Value* const found = shown.if_contains("failure");
  json::Object* const failure = found ? found->if_object() : nullptr;
  shown.erase("stalled");
  if (failure == nullptr) return;
  const std::string message = "the run failed (" +
                              std::string(json::find_string(*failure, "code").value_or("")) +
                              "); whoever may change the portfolio is told why";
  (*failure)["message"] = message;
  shown["output"] = message;
}

bool is_private_instance(const InstanceId& instance) {
  return instance.str().starts_with(kPrivatePrefix);
}

json::Object show_instance(const durable::OrchestrationState& state) {
  json::Object shown{{"name", state.name},
                     {"instanceId", state.instance.str()},
                     {"runtimeStatus", durable::to_string(state.status)},
                     {"input", show_payload(state.input)},
                     {"customStatus", show_payload(state.custom_status)},
                     {"output", show_payload(state.output)},
                     {"createdTime", to_text(state.created)},
                     {"lastUpdatedTime", to_text(state.updated)}};
  if (state.failure) {
    const Error error = durable::error_from(*state.failure);
    shown["failure"] =
        json::Object{{"code", to_string(error.code())}, {"message", error.message()}};
    if (state.output.empty()) shown["output"] = error.message();
  }
  if (state.stalled) shown["stalled"] = *state.stalled;
  return shown;
}

json::Array show_history(const durable::History& history) {
  json::Array events;
  events.reserve(history.size());
  for (const durable::HistoryEvent& event : history) {
    json::Object shown{{"EventType", durable::type_name(event.body)},
                       {"Timestamp", to_text(event.timestamp)}};
    if (event.event_id != durable::kNoEventId) shown["EventId"] = event.event_id;
    std::visit([&](const auto& body) { show_details(body, shown); }, event.body);
    events.push_back(std::move(shown));
  }
  return events;
}

TenantId tenant_of_instance(const durable::OrchestrationState& state) {
  std::string login;
  if (const auto tag = state.tags.find("tenant"); tag != state.tags.end()) {
    login = tag->second;
  } else {
    std::string_view id = state.instance.str();
    if (is_private_instance(state.instance)) id.remove_prefix(kPrivatePrefix.size());
    for (const std::string_view prefix : {"refresh:", "train:", "index:"})
      if (id.starts_with(prefix) && (prefix != "index:" || is_private_instance(state.instance)))
        login = id.substr(prefix.size(), id.find(':', prefix.size()) - prefix.size());
  }
  const auto tenant = tenancy::tenant_from_login(login);
  return tenant ? *tenant : TenantId();
}

}  // namespace cloudfolio::gateway

#include "capacity/aci_platform.h"

#include "json/json.h"

namespace cloudfolio::capacity {
namespace {

constexpr std::size_t kAnswerBytesMax = 4 * kMiB;
constexpr std::chrono::seconds kTimeout{20};

Error error_of(const http::Response& response, std::string_view what) {
  const std::string text = std::string(what) + ": Resource Manager answers " +
                           std::to_string(response.status) + " " +
                           std::string(response.body.view().substr(0, 300));
  switch (response.status) {
    case 401:
      return Error(Code::unauthenticated, text);
    case 403:
      return Error(Code::permission_denied, text);
    case 429:
      return Error(Code::rate_limited, text);
    default:
      return Error(Code::unavailable, text);
  }
}

GroupState state_of(std::string_view provisioning, std::string_view view) {
  if (provisioning == "Deleting") return GroupState::deleting;
  if (provisioning == "Failed" || provisioning == "Unhealthy") return GroupState::failed;
  if (view == "Succeeded" || view == "Stopped" || view == "Failed") return GroupState::ended;
  if (provisioning == "Succeeded") return GroupState::running;
  return GroupState::pending;
}

Group group_from(const json::Object& object) {
  Group group;
  group.name = json::find_string(object, "name").value_or("");
  group.region = json::find_string(object, "location").value_or("");
  std::string_view provisioning;
  std::string_view view;
  if (const json::Object* properties = json::find_object(object, "properties")) {
    provisioning = json::find_string(*properties, "provisioningState").value_or("");
    if (const json::Object* instance = json::find_object(*properties, "instanceView"))
      view = json::find_string(*instance, "state").value_or("");
  }
  group.state = state_of(provisioning, view);
  group.detail = "provisioning " + std::string(provisioning) +
                 (view.empty() ? "" : ", containers " + std::string(view));
  return group;
}

bool has_tag(const json::Object& group, std::string_view name, std::string_view value) {
  const json::Object* tags = json::find_object(group, "tags");
  return tags && json::find_string(*tags, name) == value;
}

}  // namespace

std::string AciPlatform::groups_url() const {
  return options_.url + "/subscriptions/" + options_.subscription + "/resourceGroups/" +
         options_.resource_group + "/providers/Microsoft.ContainerInstance/containerGroups";
}

std::string AciPlatform::group_url(const std::string& name) const {
  return groups_url() + "/" + name + "?api-version=" + std::string(kContainerGroupsApi);
}

Result<http::Response> AciPlatform::send(const Context& ctx, http::Method method,
                                         const std::string& url, std::string body) {
  CF_TRY(const Secret token, tokens_.get(ctx));
  http::ClientRequest request;
  request.method = method;
  request.url = url;
  request.headers = {{"Authorization", "Bearer " + token.reveal()}, {"Accept", "application/json"}};
  if (method == http::Method::put) request.headers.set("Content-Type", "application/json");
  request.body = std::move(body);
  request.response_bytes_max = kAnswerBytesMax;
  request.timeout = kTimeout;
  auto response = client_.send(ctx, request);
  if (response && response->status == 401) tokens_.forget();
  return response;
}

CreateAnswer AciPlatform::create(const Context& ctx, const CreateRequest& request) {
  // A PUT over a group that is there could start its container once more.
  const auto there = send(ctx, http::Method::get, group_url(request.name), "");
  if (!there) return {Answer::unknown, std::chrono::seconds(0), there.error().message()};
  if (there->status == 200) return {Answer::exists};
  if (there->status != 404) {
    CreateAnswer answer = create_answer_from(*there);
    if (answer.answer != Answer::throttled && answer.answer != Answer::refused)
      answer.answer = Answer::unknown;
    return answer;
  }
  const auto made = send(ctx, http::Method::put, group_url(request.name),
                         container_group_json(options_, request));
  if (!made) return {Answer::unknown, std::chrono::seconds(0), made.error().message()};
  return create_answer_from(*made);
}

Result<Group> AciPlatform::look_closer(const Context& ctx, Group group) {
  CF_TRY(const http::Response response, send(ctx, http::Method::get, group_url(group.name), ""));
  if (response.status == 404) {
    group.state = GroupState::deleting;  // Gone since the list was made: the next one says so.
    return group;
  }
  if (response.status != 200) return error_of(response, "read " + group.name);
  CF_TRY(const json::Object object, json::parse_object(response.body.view()));
  return group_from(object);
}

Result<std::vector<Group>> AciPlatform::list(const Context& ctx) {
  std::vector<Group> groups;
  std::string url = groups_url() + "?api-version=" + std::string(kContainerGroupsApi);
  for (std::size_t page = 0; !url.empty(); ++page) {
    if (page == kListPagesMax)
      return Error(Code::unavailable, "the list of container groups has too many pages");
    CF_TRY(const http::Response response, send(ctx, http::Method::get, url, ""));
    if (response.status != 200) return error_of(response, "list container groups");
    auto object = json::parse_object(response.body.view());
    const json::Array* value = object ? json::find_array(*object, "value") : nullptr;
    if (!value) return Error(Code::unavailable, "the list of container groups is no whole list");
    for (const json::Value& one : *value) {
      const json::Object* group = one.if_object();
      if (!group) return Error(Code::unavailable, "the list of container groups is no whole list");
      if (has_tag(*group, "cloudfolio-owner", options_.owner) &&
          has_tag(*group, "cloudfolio-queue", options_.queue))
        groups.push_back(group_from(*group));
    }
    url = json::find_string(*object, "nextLink").value_or("");
    // The token goes to Resource Manager only.
    if (!url.empty() && !url.starts_with(options_.url + "/"))
      return Error(Code::unavailable, "the list of container groups goes on at another server");
  }
  for (Group& group : groups)
    if (group.state == GroupState::running) {
      CF_TRY(group, look_closer(ctx, group));
    }
  return groups;
}

Status AciPlatform::remove(const Context& ctx, const std::string& name) {
  CF_TRY(const http::Response response, send(ctx, http::Method::delete_, group_url(name), ""));
  if (response.status == 404 || (response.status >= 200 && response.status < 300)) return Done{};
  return error_of(response, "delete " + name);
}

}  // namespace cloudfolio::capacity

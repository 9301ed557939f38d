#include "capacity/testing/fake_arm.h"

#include "base/time_text.h"
#include "json/json.h"

namespace cloudfolio::capacity::simulated {
namespace {

constexpr std::string_view kPath = "/providers/Microsoft.ContainerInstance/containerGroups";
constexpr std::size_t kPageCount = 5;

http::Response arm_error(int status, std::string_view code, std::string_view message) {
  json::Object error{{"code", code}, {"message", message}};
  http::Response response{status,
                          {{"Content-Type", "application/json"}},
                          json::write(json::Value(json::Object{{"error", std::move(error)}}))};
  if (status == 429) response.headers.set("Retry-After", "7");
  return response;
}

}  // namespace

std::int64_t FakeArm::now_ms() const {
  return to_unix_ms(clock_.wall_time());
}

void FakeArm::set_faults(const ArmFaults& faults) {
  const std::lock_guard lock(mutex_);
  faults_ = faults;
}

// What time alone changes.
void FakeArm::settle() {
  for (auto it = groups_.begin(); it != groups_.end();) {
    if (it->second.gone_at_ms != 0 && it->second.gone_at_ms <= now_ms()) {
      bill_[it->second.bill].to_ms = it->second.gone_at_ms;
      it = groups_.erase(it);
    } else {
      ++it;
    }
  }
}

http::Response FakeArm::handle(const http::Request& request) {
  const std::lock_guard lock(mutex_);
  settle();
  if (request.headers.find("Authorization") != "Bearer token-of-a-test")
    return arm_error(401, "AuthenticationFailed", "Authentication failed.");
  if (request.find_query("api-version") != kContainerGroupsApi)
    return arm_error(400, "InvalidApiVersionParameter", "The api-version is invalid.");
  const std::size_t at = request.path.find(kPath);
  if (at == std::string::npos) return arm_error(404, "NotFound", "No such resource.");
  const std::string rest = request.path.substr(at + kPath.size());
  const std::string name = rest.empty() ? "" : rest.substr(1);
  const double chance = random_.unit();
  if (chance < faults_.before) {
    switch (random_.below(4)) {
      case 0:
        return arm_error(429, "TooManyRequests", "Slow down.");
      case 1:
        return http::Response{http::kBrokenOff, {}, {}};
      case 2:
        return arm_error(409, "ContainerGroupTransitioning", "The group is transitioning.");
      default:
        return arm_error(500, "InternalServerError", "Something went wrong.");
    }
  }
  http::Response response = answer(request, name);
  if (chance < faults_.before + faults_.after) return http::Response{http::kBrokenOff, {}, {}};
  return response;
}

http::Response FakeArm::answer(const http::Request& request, const std::string& name) {
  if (name.empty()) return list(request);
  if (request.method == http::Method::put) return put(name, request.body);
  if (request.method == http::Method::delete_) return remove(name);
  const auto found = groups_.find(name);
  if (found == groups_.end()) return arm_error(404, "ResourceNotFound", "No such group.");
  return http::Response{200, {}, json_of(name, found->second, true)};
}

http::Response FakeArm::put(const std::string& name, const std::string& body) {
  bodies_.push_back(body);
  if (groups_.contains(name)) return http::Response{200, {}, json_of(name, groups_[name], true)};
  if (groups_.size() >= static_cast<std::size_t>(faults_.quota_groups))
    return arm_error(409, "ContainerGroupQuotaReached",
                     "Resource type 'Microsoft.ContainerInstance/containerGroups' quota reached.");
  if (random_.unit() < faults_.no_capacity)
    return arm_error(409, "ServiceUnavailable",
                     "The requested resource is not available in the location at this moment. "
                     "Please retry with a different resource request or in another location.");
  ++creations_;
  Kept kept;
  kept.body = body;
  kept.running_at_ms = now_ms() + faults_.start_seconds * 1'000;
  kept.never_starts = random_.unit() < faults_.never_starts;
  kept.fails = random_.unit() < faults_.fails;
  kept.bill = bill_.size();
  bill_.push_back({name, now_ms(), 0, body});
  groups_.emplace(name, kept);
  return http::Response{201, {}, json_of(name, kept, true)};
}

http::Response FakeArm::remove(const std::string& name) {
  const auto found = groups_.find(name);
  if (found == groups_.end()) return http::Response{204, {}, {}};
  if (found->second.gone_at_ms == 0 && random_.unit() >= faults_.forgets)
    found->second.gone_at_ms = now_ms() + faults_.delete_seconds * 1'000;
  return http::Response{202, {}, {}};
}

http::Response FakeArm::list(const http::Request& request) {
  const std::string from(request.find_query("from").value_or(""));
  std::string text = R"({"value":[)";
  std::size_t count = 0;
  std::string next;
  for (auto it = groups_.lower_bound(from); it != groups_.end(); ++it) {
    if (count == kPageCount) {
      next = it->first;
      break;
    }
    if (count++ > 0) text += ",";
    text += json_of(it->first, it->second, false);
  }
  if (random_.unit() < faults_.half_list) return http::Response{200, {}, text};
  text += "]";
  if (!next.empty())
    text += R"(,"nextLink":"http://)" + std::string(request.headers.find("Host").value_or("arm")) +
            request.path + "?api-version=" + std::string(kContainerGroupsApi) + "&from=" + next +
            R"(")";
  return http::Response{200, {}, text + "}"};
}

std::string FakeArm::json_of(const std::string& name, const Kept& kept, bool with_view) const {
  auto object = json::parse_object(kept.body);
  json::Object group = object ? *std::move(object) : json::Object();
  const bool up = kept.running_at_ms <= now_ms();
  group["name"] = name;
  json::Object properties;
  properties["provisioningState"] = kept.gone_at_ms != 0 ? "Deleting"
                                    : !up                ? "Creating"
                                    : kept.fails         ? "Failed"
                                                         : "Succeeded";
  if (with_view)
    properties["instanceView"] = json::Object{{"state", !up          ? "Pending"
                                                        : kept.ended ? "Succeeded"
                                                                     : "Running"}};
  group["properties"] = std::move(properties);
  return json::write(json::Value(std::move(group)));
}

std::vector<std::string> FakeArm::speaking() {
  const std::lock_guard lock(mutex_);
  settle();
  std::vector<std::string> names;
  for (const auto& [name, kept] : groups_)
    if (!kept.never_starts && !kept.ended && !kept.fails && kept.gone_at_ms == 0 &&
        kept.running_at_ms <= now_ms())
      names.push_back(name);
  return names;
}

std::vector<std::string> FakeArm::names() {
  const std::lock_guard lock(mutex_);
  settle();
  std::vector<std::string> names;
  for (const auto& [name, kept] : groups_) names.push_back(name);
  return names;
}

bool FakeArm::has(const std::string& name) {
  const std::lock_guard lock(mutex_);
  settle();
  return groups_.contains(name);
}

void FakeArm::end(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (const auto found = groups_.find(name); found != groups_.end()) found->second.ended = true;
}

std::string FakeArm::body(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = groups_.find(name);
  return found == groups_.end() ? "" : found->second.body;
}

std::vector<ArmBill> FakeArm::bill() {
  const std::lock_guard lock(mutex_);
  settle();
  return bill_;
}

std::vector<std::string> FakeArm::bodies() {
  const std::lock_guard lock(mutex_);
  return bodies_;
}

void FakeArm::plant(const std::string& name, const std::string& body) {
  const std::lock_guard lock(mutex_);
  Kept kept;
  kept.body = body;
  kept.running_at_ms = now_ms();
  kept.bill = bill_.size();
  bill_.push_back({name, now_ms(), 0, body});
  groups_.emplace(name, kept);
}

Result<http::Response> DirectClient::send(const Context&, const http::ClientRequest& request) {
  http::Request received;
  received.method = request.method;
  received.headers = request.headers;
  received.body = std::string(request.body.view());
  std::string rest = request.url.substr(request.url.find("://") + 3);
  const std::size_t slash = rest.find('/');
  received.headers.set("Host", rest.substr(0, slash));
  received.target = rest.substr(slash);
  const std::size_t mark = received.target.find('?');
  received.path = received.target.substr(0, mark);
  // Test values need no decoding.
  std::string query = mark == std::string::npos ? "" : received.target.substr(mark + 1);
  while (!query.empty()) {
    const std::string pair = query.substr(0, query.find('&'));
    query.erase(0, pair.size() + 1);
    const std::size_t equals = pair.find('=');
    received.query.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  http::Response response = answer_(received);
  if (response.status == http::kBrokenOff)
    return Error(Code::unavailable, "the connection was reset");
  return response;
}

}  // namespace cloudfolio::capacity::simulated

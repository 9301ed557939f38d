#include "gateway/status_links.h"

#include "http/json_response.h"
#include "http/url.h"
#include "json/json.h"

namespace cloudfolio::gateway {
namespace {

// Clients of the original hold these two; they choose nothing here.
constexpr char kHub[] = "taskHub=DurableFunctionsHub&connection=Storage";

}  // namespace

std::string origin_for(const http::Request& request, const Gateway::Options& options) {
  if (!options.public_url.empty()) {
    if (const auto own = http::parse_url(options.public_url)) return own->origin();
  }
  const auto host =
      http::parse_url("http://" + std::string(request.headers.find("Host").value_or("")));
  return host ? host->origin() : std::string();  // Without a host links are paths.
}

std::string instance_path(const InstanceId& instance) {
  std::string id = http::percent_encode(instance.str());
  // ':' may stand in a path (RFC 3986, pchar), and people read these.
  for (std::size_t at = id.find("%3A"); at != std::string::npos; at = id.find("%3A", at))
    id.replace(at, 3, ":");
  return std::string(kInstancesPath) + "/" + id;
}

http::Response check_status_answer(const http::Request& request, const Gateway::Options& options,
                                   const InstanceId& instance) {
  const std::string base = origin_for(request, options) + instance_path(instance);
  const std::string hub = kHub;
  const std::string status = base + "?" + hub;
  http::Response response = http::json_response(
      202, json::Object{{"id", instance.str()},
                        {"statusQueryGetUri", status},
                        {"sendEventPostUri", base + "/raiseEvent/{eventName}?" + hub},
                        {"terminatePostUri", base + "/terminate?reason={text}&" + hub},
                        {"rewindPostUri", base + "/rewind?reason={text}&" + hub},
                        {"purgeHistoryDeleteUri", status},
                        {"restartPostUri", base + "/restart?" + hub},
                        {"suspendPostUri", base + "/suspend?reason={text}&" + hub},
                        {"resumePostUri", base + "/resume?reason={text}&" + hub}});
  response.headers.set("Location", status);
  response.headers.set("Retry-After", "2");
  return response;
}

}  // namespace cloudfolio::gateway

#pragma once
// How a process without orchestrations asks the one that has them: requests on a queue, answers as
// blobs (docs/formats/orchestrator-request.md).
//
//   {"v":1,"id":"9c…","verb":"start","tenant":"octocat","trace":"…","arguments":{…}}
//
// Errors: invalid_argument with what is wrong; a request over kRequestBytesMax is refused where it
// is made.

#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/result.h"
#include "durable/client.h"
#include "json/json.h"

namespace cloudfolio::durable {

inline constexpr std::size_t kRequestBytesMax = 48 * kKiB;
inline constexpr char kRequestQueue[] = "orchestrator-requests";
inline constexpr std::string_view kReplyContainer = "orchestrator-replies";

struct ClientRequest {
  std::string id;  // Names the reply; hard to guess.
  std::string verb;
  std::string tenant;
  std::string trace;
  json::Object arguments;
};

Result<std::string> write_request(const ClientRequest& request);
Result<ClientRequest> read_request(std::string_view body);

// A reply is {"value": …} or {"error", "message"}.
std::string write_reply(const Result<json::Value>& reply);
Result<json::Value> read_reply(std::string_view body);

json::Value to_json(const StartOptions& options);
Result<StartOptions> start_options_from(const json::Object& object);
json::Value to_json(const OrchestrationState& state);
Result<OrchestrationState> state_from(const json::Value& value);
json::Value to_json(const QueryFilter& filter);
Result<QueryFilter> filter_from(const json::Object& object);
json::Value to_json(const History& history);
Result<History> history_from(const json::Value& value);

}  // namespace cloudfolio::durable

#pragma once
// The links of a Durable check-status answer: where to ask for and how to steer an instance.

#include <string>

#include "base/id.h"
#include "gateway/gateway.h"
#include "http/message.h"

namespace cloudfolio::gateway {

inline constexpr char kInstancesPath[] = "/runtime/webhooks/durabletask/instances";

// "http://127.0.0.1:7071": the public URL, or the host that the caller used.
std::string origin_for(const http::Request& request, const Gateway::Options& options);
// "/runtime/webhooks/durabletask/instances/refresh:octocat".
std::string instance_path(const InstanceId& instance);
// 202 with the nine links, Location and Retry-After, as Durable Functions answers.
http::Response check_status_answer(const http::Request& request, const Gateway::Options& options,
                                   const InstanceId& instance);

}  // namespace cloudfolio::gateway

#pragma once
// Canary: while tenants move from the old app to this one, who answers each request.
//
// A tenant with the flag ENABLE_NEW_GATEWAY is answered here, the others by the old app, whose URL
// is gateway.upstream; requests that name no tenant follow the flag's value for nobody. What only
// this program knows (/v1, health, metrics, instances that it started) is always answered here. The
// flag's guard is told how each request ended, on either side.
//
// A request that starts work and carries an Idempotency-Key has its answer kept here, whichever
// side gave it: sent again after the flag changed, it has that answer and starts nothing.
//
// With ENABLE_SHADOW for a tenant, its reads are asked of the other side too, and compared.
//
// Threads: answer() may be called from several threads. Lifetime: what is borrowed outlives it.

#include <functional>
#include <memory>
#include <string>

#include "flags/flags.h"
#include "gateway/shadow.h"
#include "gateway/side.h"
#include "gateway/upstream.h"
#include "telemetry/metrics.h"
#include "tenancy/tokens.h"

namespace cloudfolio::gateway {

// The route's name, in metrics, of what the old app answered.
inline constexpr char kUpstreamRoute[] = "upstream";

struct Services;

class Canary {
 public:
  using Answer = std::function<http::Response(http::Request&)>;
  struct Parts {
    flags::Flags& flags;
    const tenancy::TokenTable& tokens;
    std::string public_url;
    const Clock& clock;
    telemetry::Log& log;
    telemetry::MetricRegistry& metrics;
    Services& services;  // For the keys of requests.
    Answer own;
    // The same answers to reads, without anything being counted or charged.
    Answer own_unseen;
  };
  Canary(const std::string& upstream, http::Client& client, Parts parts, Shadow::Options shadow);

  http::Response answer(http::Request& request);
  Shadow& shadow() { return shadow_; }
  const Shadow& shadow() const { return shadow_; }

 private:
  http::Response answer_upstream(http::Request& request, Upstream::Credentials credentials);
  http::Response start_upstream(http::Request& request, const TenantId& tenant,
                                Upstream::Credentials credentials);
  http::Response failed(const Error& error, const http::Request& request);
  enum class Side { here, upstream };
  void compare(Side answered, const Ownership& owner, const http::Request& asked,
               http::Response& response, Upstream::Credentials credentials);

  const Parts parts_;
  const Upstream upstream_;
  telemetry::CounterFamily& answered_;
  Shadow shadow_;
};

}  // namespace cloudfolio::gateway

#pragma once
// Gateway: the HTTP API over Portfolios: the original's routes with the original's shapes, /v1, the
// Durable status and management routes, health and metrics (docs/formats/http-v1.md).
//
// Promises:
//  - Who asks is decided before anything else. Without tokens whoever reaches the server runs it,
//  and
//    then only requests that name this machine as their host are answered, so that no web page can
//    speak through a visitor's browser. With tokens: a tenant's token changes that tenant's
//    portfolio, an operator's everything; without a token one reads what is public.
//  - A webhook's body is a hint, never a force. A URL in a body is never fetched.
//  - Messages of our own bugs stay in the log; the answer carries the request id.
// Threads: answer() may be called from several threads at once.
// Lifetime: what the constructor borrows outlives the gateway; the gateway outlives the server.
//
//   gateway::Gateway gateway({}, portfolios, instances, tokens, clock, log, metrics);
//   options.route_names = gateway.route_names();
//   http::Server::open(options, [&](http::Request& request) { return gateway.answer(request); },
//   …);

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "gateway/services.h"
#include "http/message.h"
#include "tenancy/tokens.h"

namespace cloudfolio::durable {
class Client;
}
namespace cloudfolio::flags {
class Flags;
class FlagStore;
}  // namespace cloudfolio::flags
namespace cloudfolio::http {
class Client;
}
namespace cloudfolio::tenancy {
class RequestKeys;
}
namespace cloudfolio::telemetry {
class Log;
class MetricRegistry;
}  // namespace cloudfolio::telemetry

namespace cloudfolio::gateway {

class Administration;
class Trainings;

// The server binds loopback unless tokens are configured. invalid_argument with the remedy.
Status check_listen(std::string_view address, const tenancy::TokenTable& tokens);

class Gateway {
 public:
  struct Options {
    // What links in answers start with: "https://folio.example.com". Empty: http:// and the Host
    // that the caller used.
    std::string public_url = {};
    // Rendered bundles kept, over all tenants.
    std::size_t pages_bytes_max = 128 * kMiB;
    // Whom a request of the original's means that names nobody. Empty: that is an error (the
    // original took its author's account).
    std::string default_login = {};
    // Whether a webhook delivery is GitHub's, by its raw body and its X-Hub-Signature-256. Empty:
    // no webhook secret is configured, and a delivery needs the same rights as any other start.
    std::function<bool(std::string_view body, std::string_view signature)> delivery_is_genuine = {};
    // What admin routes ask, and whence a refusal's figures come. Outlives the gateway; nullptr:
    // those routes are unavailable.
    Administration* administration = nullptr;
    // The feature flags and their table, for operators. Outlive the gateway; null: those routes are
    // unavailable.
    flags::Flags* flags = nullptr;
    flags::FlagStore* flag_store = nullptr;
    // What requests with an Idempotency-Key were answered. Outlives the gateway; null: such
    // requests are unavailable.
    tenancy::RequestKeys* request_keys = nullptr;
    // The old app, "https://old.example.net", while tenants move from it (see canary.h); asked
    // through `upstream_client`, which outlives the gateway and needs `flags`. Empty: there is
    // none.
    std::string upstream = {};
    http::Client* upstream_client = nullptr;
    // Whether this process takes new requests: false while it drains. Empty: it always does.
    std::function<bool()> serves_on = {};
    // Shown by /metrics before it is read: what is counted elsewhere. May be empty.
    std::function<void()> before_metrics = {};
    // Told after every answer: the route's name, and the tenant that it was about (may be empty).
    // Called from several threads; must not block. May be empty.
    std::function<void(std::string_view route, const TenantId& tenant)> answered = {};
    // The ledger's sums as JSON (what `cloudfolio costs --json` prints) from a time on, of one
    // tenant or of all. Empty: nobody keeps one here.
    std::function<Result<std::string>(const Context&, const std::optional<TenantId>&,
                                      Clock::WallTime since)>
        costs = {};
    // Outlives the gateway; nullptr: its routes say that there is none.
    Trainings* trainings = nullptr;
  };

  Gateway(Options options, Portfolios& portfolios, durable::Client& instances,
          tenancy::TokenTable tokens, const Clock& clock, telemetry::Log& log,
          telemetry::MetricRegistry& metrics);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  http::Response answer(http::Request& request);
  // For Server::Options::route_names.
  std::vector<std::string> route_names() const;
  struct Listed {
    std::string method;
    std::string pattern;
  };
  // Every route, for documentation and its test.
  std::vector<Listed> routes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cloudfolio::gateway

#include "roles/gateway_role.h"

#include "github/webhook.h"
#include "roles/listen.h"

namespace cloudfolio::roles {
namespace {

Result<tenancy::TokenTable> tokens_of(const Config& config) {
  std::vector<tenancy::TokenEntry> entries;
  for (const TokenConfig& token : config.auth_tokens) {
    tenancy::TokenEntry entry;
    entry.sha256 = token.sha256;
    entry.login = token.tenant;
    entry.speaks = token.operator_ ? tenancy::TokenEntry::Speaks::for_operator
                                   : tenancy::TokenEntry::Speaks::for_tenant;
    entries.push_back(std::move(entry));
  }
  return tenancy::TokenTable::parse(entries);
}

gateway::Gateway::Options gateway_options(const Config& config, System& system) {
  gateway::Gateway::Options options;
  options.administration = &system.administration();
  options.trainings = &system.trainings();
  options.flags = &system.platform().flags();
  options.flag_store = &system.platform().flag_desk().store();
  options.request_keys = &system.platform().tenancy().request_keys();
  options.public_url = config.server_public_url;
  options.upstream = config.gateway_upstream;
  options.upstream_client = &system.platform().http();
  if (!config.webhook_secret.empty()) {
    options.delivery_is_genuine = [secret = config.webhook_secret](std::string_view body,
                                                                   std::string_view signature) {
      return github::signature_matches(secret, body, signature);
    };
  }
  return options;
}

void count_costs(gateway::Gateway::Options& options, CostRecorder& costs) {
  options.answered = [&costs](std::string_view route, const TenantId& tenant) {
    costs.count_request(route, tenant);
  };
  options.costs = [&costs](const Context& ctx, const std::optional<TenantId>& tenant,
                           Clock::WallTime since) -> Result<std::string> {
    CF_CHECK(costs.flush(ctx));
    return costs.summary_json(ctx, tenant, since);
  };
}

http::Server::Options server_options(const Config& config, const Listen& listen) {
  http::Server::Options options;
  options.address = listen.address;
  options.port = listen.port;
  options.body_bytes_max = static_cast<std::size_t>(config.server_body_bytes_max);
  options.request_timeout = std::chrono::seconds(config.server_request_timeout_seconds);
  options.connections_max = static_cast<std::size_t>(config.server_connections_max);
  options.handler_threads_count = static_cast<std::size_t>(config.server_threads);
  return options;
}

}  // namespace

Status GatewayRole::check(const Config& config, const std::string& listen) {
  CF_TRY(const Listen wanted, parse_listen(listen));
  CF_TRY(const auto tokens, tokens_of(config));
  return gateway::check_listen(wanted.address, tokens);
}

Status GatewayRole::check_successor(const Config& config, const std::string& listen, int listener) {
  CF_TRY(const Listen wanted, parse_listen(listen));
  CF_TRY(const auto tokens, tokens_of(config));
  CF_TRY(const http::Endpoint bound, http::endpoint_of_listener(listener));
  if (wanted.port != 0 && wanted.port != bound.port)
    return Error(Code::invalid_argument,
                 "the socket handed over has port " + std::to_string(bound.port) + " and not " +
                     std::to_string(wanted.port) +
                     ": to change the address, stop the old process and start the new one");
  return gateway::check_listen(bound.address, tokens);
}

Result<std::unique_ptr<GatewayRole>> GatewayRole::open(const Config& config, System& system,
                                                       const std::string& listen,
                                                       runtime::Descriptor listener) {
  CF_TRY(Listen address, parse_listen(listen));
  if (listener) {
    CF_TRY(const http::Endpoint bound, http::endpoint_of_listener(listener.get()));
    address = Listen{bound.address, bound.port};
  }
  CF_TRY(auto tokens, tokens_of(config));
  CF_CHECK(gateway::check_listen(address.address, tokens));
  Platform& platform = system.platform();
  std::unique_ptr<GatewayRole> role(new GatewayRole());
  gateway::Gateway::Options gateway_settings = gateway_options(config, system);
  gateway_settings.serves_on = [&role = *role] { return role.ready_.load(); };
  count_costs(gateway_settings, *system.costs());
  role->gateway_ = std::make_unique<gateway::Gateway>(
      std::move(gateway_settings), system.portfolios(), *system.client(), std::move(tokens),
      platform.clock(), platform.log(), platform.metrics());
  http::Server::Options options = server_options(config, address);
  options.listening_socket = listener.release();
  options.route_names = role->gateway_->route_names();
  gateway::Gateway& gateway = *role->gateway_;
  CF_TRY(role->server_,
         http::Server::open(
             std::move(options),
             [&gateway](http::Request& request) { return gateway.answer(request); },
             platform.clock(), platform.random(), platform.log(), platform.metrics()));
  return role;
}

}  // namespace cloudfolio::roles

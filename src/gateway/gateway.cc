#include "gateway/gateway.h"

#include "gateway/caller.h"
#include "gateway/route_table.h"

namespace cloudfolio::gateway {

Status check_listen(std::string_view address, const tenancy::TokenTable& tokens) {
  if (!tokens.empty() || is_loopback(address)) return Done{};
  return Error(Code::invalid_argument,
               "will not listen on '" + std::string(address) +
                   "' without tokens: whoever reaches it could start anything. Set auth.tokens, or "
                   "listen on 127.0.0.1");
}

struct Gateway::State {
  State(Options given, Portfolios& portfolios, durable::Client& instances,
        tenancy::TokenTable the_tokens, const Clock& clock, telemetry::Log& log,
        telemetry::MetricRegistry& metrics)
      : options(std::move(given)),
        tokens(std::move(the_tokens)),
        services{options,   portfolios,
                 instances, tokens,
                 clock,     log,
                 metrics,   BundlePages(portfolios, options.pages_bytes_max, metrics)},
        table(services) {
    add_original_routes(table);
    add_alias_routes(table);
    add_durable_routes(table);
    add_v1_routes(table);
    add_admin_routes(table);
    add_flag_routes(table);
    add_system_routes(table);
    add_cost_routes(table);
    table.router().set_not_found(not_found_answer);
  }

  const Options options;
  const tenancy::TokenTable tokens;
  Services services;
  RouteTable table;
};

Gateway::Gateway(Options options, Portfolios& portfolios, durable::Client& instances,
                 tenancy::TokenTable tokens, const Clock& clock, telemetry::Log& log,
                 telemetry::MetricRegistry& metrics)
    : state_(std::make_unique<State>(std::move(options), portfolios, instances, std::move(tokens),
                                     clock, log, metrics)) {}
Gateway::~Gateway() = default;

http::Response Gateway::answer(http::Request& request) {
  return state_->table.router().route(request);
}

std::vector<std::string> Gateway::route_names() const {
  return state_->table.router().names();
}

std::vector<Gateway::Listed> Gateway::routes() const {
  std::vector<Listed> listed;
  for (const auto& route : state_->table.router().routes())
    listed.push_back({std::string(to_string(route.method)), route.pattern});
  return listed;
}

}  // namespace cloudfolio::gateway

#include "gateway/gateway.h"

#include <optional>

#include "base/ensure.h"
#include "gateway/caller.h"
#include "gateway/canary.h"
#include "gateway/route_table.h"

namespace cloudfolio::gateway {
namespace {

// Rendered bundles that only comparisons read.
constexpr std::size_t kUnseenPagesBytesMax = 16 * kMiB;

Gateway::Options uncounted(Gateway::Options options) {
  options.answered = {};
  return options;
}

}  // namespace

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
        unseen_options(uncounted(options)),
        unseen{unseen_options, portfolios,
               instances,      tokens,
               clock,          log,
               metrics,        BundlePages(portfolios, kUnseenPagesBytesMax, metrics)},
        table(services),
        unseen_table(unseen) {
    add_original_routes(table);
    add_alias_routes(table);
    add_durable_routes(table);
    add_v1_routes(table);
    add_admin_routes(table);
    add_flag_routes(table);
    add_system_routes(table);
    add_cost_routes(table);
    add_canary_routes(table);
    add_training_routes(table);
    table.router().set_not_found(not_found_answer);
    if (!options.upstream.empty()) open_canary();
  }

  void open_canary() {
    CF_ENSURE(options.upstream_client != nullptr && options.flags != nullptr, options.upstream);
    add_original_routes(unseen_table);
    unseen_table.router().set_not_found(not_found_answer);
    canary.emplace(
        options.upstream, *options.upstream_client,
        Canary::Parts{
            .flags = *options.flags,
            .tokens = tokens,
            .public_url = options.public_url,
            .clock = services.clock,
            .log = services.log,
            .metrics = services.metrics,
            .services = services,
            .own = [this](http::Request& request) { return table.router().route(request); },
            .own_unseen =
                [this](http::Request& request) { return unseen_table.router().route(request); }},
        Shadow::Options());
    services.shadow = &canary->shadow();
  }

  const Options options;
  const tenancy::TokenTable tokens;
  Services services;
  // For answers that nobody gets: the same, without the ledger.
  const Options unseen_options;
  Services unseen;
  RouteTable table;
  RouteTable unseen_table;
  std::optional<Canary> canary;
};

Gateway::Gateway(Options options, Portfolios& portfolios, durable::Client& instances,
                 tenancy::TokenTable tokens, const Clock& clock, telemetry::Log& log,
                 telemetry::MetricRegistry& metrics)
    : state_(std::make_unique<State>(std::move(options), portfolios, instances, std::move(tokens),
                                     clock, log, metrics)) {}
Gateway::~Gateway() = default;

http::Response Gateway::answer(http::Request& request) {
  if (state_->canary) return state_->canary->answer(request);
  return state_->table.router().route(request);
}

std::vector<std::string> Gateway::route_names() const {
  auto names = state_->table.router().names();
  if (state_->canary) names.emplace_back(kUpstreamRoute);
  return names;
}

std::vector<Gateway::Listed> Gateway::routes() const {
  std::vector<Listed> listed;
  for (const auto& route : state_->table.router().routes())
    listed.push_back({std::string(to_string(route.method)), route.pattern});
  return listed;
}

}  // namespace cloudfolio::gateway

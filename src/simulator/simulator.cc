#include "simulator/simulator.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "base/time_text.h"
#include "http/json_response.h"
#include "http/router.h"
#include "http/server.h"
#include "simulator/control.h"
#include "simulator/gate.h"
#include "simulator/graph_answer.h"
#include "simulator/rest.h"
#include "telemetry/log.h"

namespace cloudfolio::simulator {
namespace {

using http::Request;
using http::Response;

constexpr std::size_t kRequestsKeptMax = 200;
constexpr std::string_view kHtml = "https://github.com";

// GitHub's own clock, which may be ahead of ours or behind (fault clock-skew).
class GithubClock final : public Clock {
 public:
  explicit GithubClock(const Clock& ours) : ours_(ours) {}
  Instant now() const override { return ours_.now(); }
  WallTime wall_time() const override {
    return ours_.wall_time() + std::chrono::seconds(skew_seconds_.load());
  }
  void set_skew(std::int64_t seconds) { skew_seconds_ = seconds; }

 private:
  const Clock& ours_;
  std::atomic<std::int64_t> skew_seconds_{0};
};

}  // namespace

struct Simulator::State {
  State(Options given, const Clock& the_clock)
      : options(std::move(given)),
        clock(the_clock),
        world(clock),
        gate(options.tokens, options.limits, faults, clock) {}

  Status load();
  void add_routes();
  Response answer(Request& request, std::chrono::milliseconds& delay);
  Response answer_rest(Request& request, const Caller& caller);
  Response answer_graphql(Request& request, const Caller& caller);
  Response rate_limit(const Request& request, const Caller& caller);
  Response list_requests();
  void reset_counters();
  void keep(const Request& request, const std::string& kind, const Response& response);
  std::string api_origin(const Request& request) const;

  const Options options;
  GithubClock clock;
  std::mutex mutex;  // Over everything below, but for the server.
  std::condition_variable_any sleeping;
  std::size_t repositories_count = 0;
  World world;
  Faults faults;
  Gate gate;
  http::Router rest;
  http::Router control;
  std::optional<RestView> current;
  Counters counters;
  std::deque<json::Object> requests;
  std::unique_ptr<http::Server> server;  // Last: stopped before the rest goes.
};

Status Simulator::State::load() {
  CF_TRY(const auto corpus, read_corpus(options.corpus));
  for (const CorpusRepository& repository : corpus) world.add(repository);
  repositories_count = corpus.size();
  gate.set_default_login(corpus.front().owner);
  for (const std::string& fault : options.faults) {
    auto set = faults.set(fault, world);
    if (!set) return std::move(set).error().while_doing("--fault " + fault);
  }
  return Done{};
}

void Simulator::State::add_routes() {
  add_rest_routes(rest, [this]() -> RestView& { return *current; });
  rest.set_not_found([](const Request&) { return rest_error(404, "Not Found"); });
  add_control_routes(control, [this] { return ControlView{world, faults, gate.budgets()}; });
  control.add(http::Method::get, "/_sim/requests", "control_requests",
              [this](const Request&) { return list_requests(); });
  control.add(http::Method::delete_, "/_sim/requests", "control_requests", [this](const Request&) {
    reset_counters();
    return http::json_response(200, json::Object{{"requests", 0}});
  });
}

std::string Simulator::State::api_origin(const Request& request) const {
  if (server) return server->origin();
  return "http://" + std::string(request.headers.find("Host").value_or("localhost"));
}

void Simulator::State::reset_counters() {
  counters = {};
  gate.reset_counts();
  requests.clear();
}

void Simulator::State::keep(const Request& request, const std::string& kind,
                            const Response& response) {
  json::Object kept{{"kind", kind},
                    {"method", json::String(http::to_string(request.method))},
                    {"target", request.target},
                    {"status", response.status},
                    {"response_bytes", response.body.size_bytes()}};
  if (kind == "graphql")
    if (auto body = json::parse_object(request.body)) kept["body"] = *std::move(body);
  requests.push_back(std::move(kept));
  if (requests.size() > kRequestsKeptMax) requests.pop_front();
}

Response Simulator::State::list_requests() {
  json::Array last;
  for (const json::Object& request : requests) last.push_back(request);
  return http::json_response(200, json::Object{{"graphql", counters.graphql_count},
                                               {"core", counters.core_count},
                                               {"requests", counters.requests_count()},
                                               {"not_modified", counters.not_modified_count},
                                               {"points", counters.points},
                                               {"while_limited", gate.while_limited_count()},
                                               {"last", std::move(last)}});
}

Response Simulator::State::rate_limit(const Request&, const Caller& caller) {
  const auto shown = [&](const std::string& resource) {
    const Standing standing = gate.look(caller, resource);
    return json::Object{{"limit", standing.limit},
                        {"used", standing.used},
                        {"remaining", standing.remaining},
                        {"reset", to_unix_ms(standing.reset_at) / 1000}};
  };
  json::Object resources{
      {"core", shown("core")}, {"graphql", shown("graphql")}, {"search", shown("search")}};
  return rest_json(200, json::Object{{"resources", std::move(resources)}, {"rate", shown("core")}});
}

Response Simulator::State::answer_rest(Request& request, const Caller& caller) {
  ++counters.core_count;
  if (auto stopped = gate.stop(request, caller, "core")) return *std::move(stopped);
  Response response;
  if (request.path == "/rate_limit") {
    response = rate_limit(request, caller);
  } else {
    current.emplace(RestView{world,
                             faults,
                             {api_origin(request), std::string(kHtml)},
                             caller.login,
                             caller.sees_private});
    response = rest.route(request);
    current.reset();
  }
  const bool not_modified = apply_etag(request, response);
  if (not_modified) ++counters.not_modified_count;
  const std::int64_t points = not_modified || request.path == "/rate_limit" ? 0 : 1;
  counters.points += points;
  gate.add_rate_headers(response, gate.charge(caller, "core", points), "core");
  return response;
}

Response Simulator::State::answer_graphql(Request& request, const Caller& caller) {
  ++counters.graphql_count;
  if (auto stopped = gate.stop(request, caller, "graphql")) return *std::move(stopped);
  GraphView view{
      world, std::string(kHtml), caller.login, caller.sees_private, 1, 0, 0, 0, 0, "", {}, {}, 0};
  bool too_much = false;
  const auto limit_nodes = faults.peek_number("resource-limits");
  const auto limit_texts = faults.peek_number("resource-limits-text");
  const auto null_node = faults.peek("null-node");
  const auto forbidden = faults.peek("forbidden");
  const FieldError exhausted{
      "RESOURCE_LIMITS_EXCEEDED",
      "Resource limits for this query exceeded. Please reduce the number of fields or nodes.",
      {}};
  view.refuse = [&](const RepositoryState& repository,
                    std::int64_t position) -> std::optional<FieldError> {
    if (limit_nodes && position >= *limit_nodes) return exhausted;
    if (null_node && is_target(repository, *null_node))
      return FieldError{"", "Something went wrong while executing your query.", {}};
    if (forbidden && is_target(repository, *forbidden))
      return FieldError{"FORBIDDEN", "Resource not accessible by personal access token", {}};
    if (repository.is_taken_down) return FieldError{"FORBIDDEN", "Repository access blocked", {}};
    return std::nullopt;
  };
  view.refuse_text = [&](const RepositoryState&,
                         std::int64_t position) -> std::optional<FieldError> {
    if (limit_texts && position >= *limit_texts) return exhausted;
    return std::nullopt;
  };
  const auto before_run = [&](const CheckedQuery& checked) -> std::optional<GraphAnswer> {
    const auto above = faults.peek_number("bad-gateway-above");
    const Standing standing = gate.charge(caller, "graphql", checked.cost);
    counters.points += checked.cost;
    if (above && checked.repositories_count > *above) {
      faults.take("bad-gateway-above");
      too_much = true;
      return GraphAnswer{};
    }
    view.cost = checked.cost;
    view.nodes_count = checked.nodes_count;
    view.limit = standing.limit;
    view.remaining = standing.remaining;
    view.used = standing.used;
    view.reset_at = to_text(std::chrono::floor<std::chrono::seconds>(standing.reset_at));
    return std::nullopt;
  };
  const GraphAnswer answered = answer_graph(request.body, view, before_run);
  if (limit_nodes) faults.take("resource-limits");
  if (limit_texts) faults.take("resource-limits-text");
  if (null_node) faults.take("null-node");
  Response response = too_much
                          ? Response{502,
                                     {{"Content-Type", "text/html"}},
                                     "<html><head><title>502 Bad Gateway</title></head></html>\r\n"}
                          : rest_json(200, answered.body);
  if (!too_much) gate.add_rate_headers(response, gate.look(caller, "graphql"), "graphql");
  return response;
}

Response Simulator::State::answer(Request& request, std::chrono::milliseconds& delay) {
  const std::lock_guard lock(mutex);
  clock.set_skew(faults.peek_number("clock-skew").value_or(0));
  if (request.path.starts_with("/_sim/")) return control.route(request);
  if (request.path.starts_with("/api/v3/")) {  // GitHub Enterprise Server's address.
    request.path.erase(0, 7);
    request.target.erase(0, 7);
  }
  const Caller caller = gate.caller_of(request);
  const bool graph = request.path == "/graphql" || request.path == "/api/graphql";
  Response response = graph ? answer_graphql(request, caller) : answer_rest(request, caller);
  response.headers.set("X-GitHub-Media-Type", "github.v3; format=json");
  response.headers.set("X-GitHub-Request-Id", "SIM:" + std::to_string(counters.requests_count()));
  keep(request, graph ? "graphql" : "core", response);
  gate.spoil(response);
  if (faults.take("close-connection")) response.status = http::kBrokenOff;
  delay = options.latency + gate.stall();
  return response;
}

Simulator::Simulator(std::unique_ptr<State> state) : state_(std::move(state)) {}
Simulator::~Simulator() {
  if (state_) state_->server.reset();
}

Result<std::unique_ptr<Simulator>> Simulator::open(Options options, const Clock& clock,
                                                   SharedRandom& random, telemetry::Log& log,
                                                   telemetry::MetricRegistry& metrics) {
  auto state = std::make_unique<State>(std::move(options), clock);
  CF_CHECK(state->load());
  state->add_routes();
  http::Server::Options server;
  server.address = state->options.address;
  server.port = state->options.port;
  server.route_names = state->rest.names();
  if (!state->options.certificate_chain_file.empty())
    server.tls =
        http::Server::Tls{state->options.certificate_chain_file, state->options.private_key_file};
  State* self = state.get();
  auto handler = [self](Request& request) {
    std::chrono::milliseconds delay{0};
    Response response = self->answer(request, delay);
    if (delay.count() > 0) {
      std::mutex alone;
      std::unique_lock lock(alone);
      self->sleeping.wait_for(lock, request.context.stop_token(), delay, [] { return false; });
    }
    return response;
  };
  CF_TRY(auto opened, http::Server::open(server, handler, self->clock, random, log, metrics));
  {
    const std::lock_guard lock(state->mutex);
    state->server = std::move(opened);
  }
  log.info(
      Context(), "github_sim.opened",
      {{"origin", state->server->origin()}, {"repositories_count", state->repositories_count}});
  return std::unique_ptr<Simulator>(new Simulator(std::move(state)));
}

std::string Simulator::origin() const {
  return state_->server->origin();
}
std::uint16_t Simulator::port() const {
  return state_->server->port();
}
std::size_t Simulator::repositories_count() const {
  return state_->repositories_count;
}

std::vector<std::string> Simulator::owners() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::string> out;
  for (const RepositoryState* repository : state_->world.all())
    if (out.empty() || out.back() != repository->owner) out.push_back(repository->owner);
  return out;
}

std::vector<std::string> Simulator::fault_names() {
  std::vector<std::string> out;
  for (const FaultInfo& fault : known_faults()) out.emplace_back(fault.name);
  return out;
}

Response Simulator::answer(Request& request) {
  std::chrono::milliseconds delay{0};
  return state_->answer(request, delay);
}

Status Simulator::set_fault(const std::string& spec) {
  const std::lock_guard lock(state_->mutex);
  return state_->faults.set(spec, state_->world);
}

void Simulator::clear_faults() {
  const std::lock_guard lock(state_->mutex);
  state_->faults.clear_all();
  state_->gate.forget_limits();
}

Simulator::Counters Simulator::counters() const {
  const std::lock_guard lock(state_->mutex);
  Counters counters = state_->counters;
  counters.while_limited_count = state_->gate.while_limited_count();
  return counters;
}

void Simulator::reset_counters() {
  const std::lock_guard lock(state_->mutex);
  state_->reset_counters();
}

}  // namespace cloudfolio::simulator

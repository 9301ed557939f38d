// The Durable status and management routes, as clients of the original call them.

#include <charconv>

#include "base/time_text.h"
#include "durable/client.h"
#include "gateway/caller.h"
#include "gateway/instance_view.h"
#include "gateway/once.h"
#include "gateway/route_table.h"
#include "gateway/status_links.h"
#include "http/json_response.h"

namespace cloudfolio::gateway {
namespace {

constexpr std::size_t kListedDefault = 100;

using durable::OrchestrationState;
using durable::OrchestrationStatus;

Result<OrchestrationState> find_instance(Services& services, Call& call, durable::Include include) {
  const InstanceId id{std::string(call.request.path_parameter("id"))};
  CF_TRY(auto state, services.instances.get(call.context, id, include));
  const Error missing(Code::not_found, "No such instance: " + id.str());
  if (!state) return missing;
  const TenantId about = tenant_of_instance(*state);
  if (is_private_instance(id) && !tenancy::may_change(call.principal, about)) return missing;
  call.about = about;
  call.context = call.context.for_tenant(call.about).with_instance(id);
  return *std::move(state);
}

// Runs of a tenant are watched by whoever may see the tenant's portfolio; anything else is the
// installation's own.
Status may_watch(const Call& call) {
  return call.about.empty() ? must_be_operator(call.principal) : Status(Done{});
}

Status may_steer(const Call& call) {
  return call.about.empty() ? must_be_operator(call.principal)
                            : check_may_change(call.principal, call.about);
}

bool asks(const http::Request& request, std::string_view name, std::string_view value) {
  const auto given = request.find_query(name);
  return given && http::same_name(*given, value);
}

// The finished refresh's `output`: the bundle's array, which the original's clients read. It is put
// into the text as it is: it may be megabytes.
Result<std::string> with_bundle(Services& services, const Call& call, json::Object shown) {
  const auto bundle = services.portfolios.bundle(call.context, call.about);
  if (!bundle && bundle.error().code() != Code::not_found) return bundle.error();
  if (!bundle || !bundle->data) return json::write(json::Value(std::move(shown)));
  shown.erase("output");
  std::string text = json::write(json::Value(std::move(shown)));
  text.pop_back();
  return text + ",\"output\":" + *bundle->data + "}";
}

Result<http::Response> get_instance(Services& services, Call& call) {
  CF_TRY(const OrchestrationState state, find_instance(services, call, durable::Include::payloads));
  CF_CHECK(may_watch(call));
  json::Object shown = show_instance(state);
  if (asks(call.request, "showInput", "false")) shown["input"] = nullptr;
  // The steps of a run tell of everything that it did; its input, progress and output are made for
  // everybody.
  const bool own = call.about.empty() || tenancy::may_change(call.principal, call.about);
  if (!own && state.name == "refresh_portfolio") hide_costs(shown["output"]);
  if (!own) hide_failure(shown);
  if (own && asks(call.request, "showHistory", "true")) {
    CF_TRY(const durable::History history,
           services.instances.history(call.context, state.instance));
    shown["historyEvents"] = show_history(history);
  }
  const bool finished = durable::is_terminal(state.status);
  const bool inlines = state.status == OrchestrationStatus::completed &&
                       state.name == "refresh_portfolio" && !call.about.empty() &&
                       !asks(call.request, "showOutput", "report") &&
                       !asks(call.request, "showOutput", "false");
  std::string text;
  if (inlines) {
    CF_TRY(text, with_bundle(services, call, std::move(shown)));
  } else {
    if (asks(call.request, "showOutput", "false")) shown["output"] = nullptr;
    text = json::write(json::Value(std::move(shown)));
  }
  const bool failed = state.status == OrchestrationStatus::failed;
  const bool as_error = failed && asks(call.request, "returnInternalServerErrorOnFailure", "true");
  http::Response response = json_text(as_error   ? 500
                                      : finished ? 200
                                                 : 202,
                                      std::move(text), "no-store");
  if (!finished) {
    response.headers.set("Location", instance_path(state.instance));
    response.headers.set("Retry-After", "2");
  }
  return response;
}

Result<std::size_t> listed_count(const http::Request& request) {
  const auto text = request.find_query("top");
  if (!text) return kListedDefault;
  std::size_t count = 0;
  const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), count);
  if (failed != std::errc() || end != text->data() + text->size() || count < 1 ||
      count > durable::kQueryPageCountMax)
    return Error(Code::invalid_argument,
                 "top must be a number from 1 to " + std::to_string(durable::kQueryPageCountMax));
  return count;
}

Result<std::optional<Clock::WallTime>> time_parameter(const http::Request& request,
                                                      std::string_view name) {
  const auto text = request.find_query(name);
  if (!text) return std::optional<Clock::WallTime>();
  const auto time = time_from(*text);
  if (!time)
    return Error(Code::invalid_argument,
                 std::string(name) + " must be a time like 2026-01-01T00:00:00Z");
  return time;
}

Result<http::Response> list_instances(Services& services, Call& call) {
  CF_CHECK(must_be_operator(call.principal));
  durable::QueryFilter filter;
  filter.id_prefix = std::string(call.request.find_query("instanceIdPrefix").value_or(""));
  CF_TRY(filter.created_from, time_parameter(call.request, "createdTimeFrom"));
  CF_TRY(filter.created_to, time_parameter(call.request, "createdTimeTo"));
  std::string_view names = call.request.find_query("runtimeStatus").value_or("");
  while (!names.empty()) {
    const std::size_t comma = names.find(',');
    const auto status = durable::status_from(names.substr(0, comma));
    if (!status)
      return Error(Code::invalid_argument,
                   "no such runtimeStatus: " + std::string(names.substr(0, comma)));
    filter.statuses.push_back(*status);
    names = comma == std::string_view::npos ? std::string_view() : names.substr(comma + 1);
  }
  CF_TRY(const std::size_t count, listed_count(call.request));
  const std::string from(call.request.headers.find("x-ms-continuation-token").value_or(""));
  CF_TRY(const durable::QueryPage page,
         services.instances.query(call.context, filter, count, from));
  json::Array shown;
  for (const OrchestrationState& state : page.instances) shown.push_back(show_instance(state));
  http::Response response = json_text(200, json::write(json::Value(std::move(shown))), "no-store");
  if (!page.next.empty()) response.headers.set("x-ms-continuation-token", page.next);
  return response;
}

// Steering: 202 where it was taken, 410 where the instance has ended.
using Steer = Status (*)(durable::Client&, const Call&, const OrchestrationState&);

Route steering(Steer steer) {
  return [steer](Services& services, Call& call) -> Result<http::Response> {
    CF_TRY(const OrchestrationState state,
           find_instance(services, call, durable::Include::summary));
    CF_CHECK(may_steer(call));
    if (durable::is_terminal(state.status))
      return http::error_response(
          410, "The instance has ended: " + std::string(durable::to_string(state.status)));
    CF_CHECK(steer(services.instances, call, state));
    return http::Response{202, {{"Cache-Control", "no-store"}}, {}};
  };
}

std::string reason_of(const Call& call) {
  return std::string(call.request.find_query("reason").value_or(""));
}

Status terminate(durable::Client& instances, const Call& call, const OrchestrationState& state) {
  return instances.terminate(call.context, state.instance,
                             json::write(json::Value(reason_of(call))));
}
Status suspend(durable::Client& instances, const Call& call, const OrchestrationState& state) {
  return instances.suspend(call.context, state.instance, reason_of(call));
}
Status resume(durable::Client& instances, const Call& call, const OrchestrationState& state) {
  return instances.resume(call.context, state.instance, reason_of(call));
}
Status raise_event(durable::Client& instances, const Call& call, const OrchestrationState& state) {
  std::string payload = "null";
  if (!call.request.body.empty()) {
    auto value = json::parse(call.request.body);
    if (!value) return std::move(value).error().while_doing("event");
    payload = json::write(*value);
  }
  return instances.raise_event(call.context, state.instance,
                               std::string(call.request.path_parameter("event")),
                               std::move(payload));
}

Result<http::Response> purge(Services& services, Call& call) {
  CF_TRY(const OrchestrationState state, find_instance(services, call, durable::Include::summary));
  CF_CHECK(may_steer(call));
  CF_TRY(const bool purged, services.instances.purge(call.context, state.instance));
  return json_text(200, json::write(json::Object{{"instancesDeleted", purged ? 1 : 0}}),
                   "no-store");
}

// The same orchestration with the same input, under the same id once the first has ended, or under
// a new one.
Result<http::Response> start_again(Services& services, Call& call, const OrchestrationState& state,
                                   const StartMark& mark, InstanceId& job) {
  const auto tag = state.tags.find(kRequestTag);
  job = state.instance;
  if (mark.began_after && tag != state.tags.end() && tag->second == mark.request)
    return check_status_answer(call.request, services.options, job);
  durable::StartOptions options;
  options.name = state.name;
  options.input = state.input;
  options.version = state.version;
  options.tags = state.tags;
  // A tenant's run has one id, which other starts join; only nobody's may have another.
  const bool fresh = asks(call.request, "restartWithNewInstanceId", "true") && call.about.empty();
  if (!fresh) options.instance = state.instance;
  options.tags.erase(kRequestTag);
  if (!mark.request.empty()) options.tags[kRequestTag] = mark.request;
  CF_TRY(job, services.instances.start(call.context, std::move(options)));
  return check_status_answer(call.request, services.options, job);
}

Result<http::Response> restart(Services& services, Call& call) {
  CF_TRY(const OrchestrationState state, find_instance(services, call, durable::Include::payloads));
  CF_CHECK(may_steer(call));
  // No login has an underscore.
  static const TenantId kInstallation("_installation");
  return once(services, call, call.about.empty() ? kInstallation : call.about, Style::original,
              [&](const StartMark& mark, InstanceId& job) {
                return start_again(services, call, state, mark, job);
              });
}

// A failed one goes on from before its failure; one that runs or ended otherwise answers as Durable
// Functions does: 410, nothing to rewind.
Result<http::Response> rewind(Services& services, Call& call) {
  CF_TRY(const OrchestrationState state, find_instance(services, call, durable::Include::summary));
  CF_CHECK(may_steer(call));
  if (state.status != durable::OrchestrationStatus::failed) {
    return http::error_response(410, "Only a failed instance can be rewound; this one is " +
                                         std::string(durable::to_string(state.status)));
  }
  CF_CHECK(services.instances.rewind(call.context, state.instance, reason_of(call)));
  return http::Response{202, {{"Cache-Control", "no-store"}}, {}};
}

}  // namespace

void add_durable_routes(RouteTable& table) {
  using http::Method;
  const std::string all = kInstancesPath;
  const std::string one = all + "/{id}";
  table.add(Method::get, all, "instances", Style::original, list_instances);
  table.add(Method::get, one, "instance", Style::original, get_instance);
  table.add(Method::delete_, one, "instance_purge", Style::original, purge);
  table.add(Method::post, one + "/raiseEvent/{event}", "instance_event", Style::original,
            steering(raise_event));
  table.add(Method::post, one + "/terminate", "instance_terminate", Style::original,
            steering(terminate));
  table.add(Method::post, one + "/suspend", "instance_suspend", Style::original, steering(suspend));
  table.add(Method::post, one + "/resume", "instance_resume", Style::original, steering(resume));
  table.add(Method::post, one + "/restart", "instance_restart", Style::original, restart);
  table.add(Method::post, one + "/rewind", "instance_rewind", Style::original, rewind);
}

}  // namespace cloudfolio::gateway

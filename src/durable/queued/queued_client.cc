#include "durable/queued/queued_client.h"

#include <condition_variable>
#include <mutex>

#include "crypto/encoding.h"

namespace cloudfolio::durable {
namespace {

constexpr std::chrono::milliseconds kLookAfterFirst{2};
constexpr std::chrono::milliseconds kLookAfterMax{50};
constexpr std::chrono::milliseconds kWaitLookAfterMax{200};
// How often a read asks whether anybody is still there to answer.
constexpr std::chrono::milliseconds kAskWhetherAnswered{500};

void pause(const Context& ctx, std::chrono::milliseconds time) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any stopped;
  stopped.wait_for(lock, ctx.stop_token(), time, [] { return false; });
}

json::Object of_instance(const InstanceId& instance) {
  json::Object arguments;
  arguments["instance"] = instance.str();
  return arguments;
}

Status done(const Result<json::Value>& reply) {
  if (!reply) return reply.error();
  return Done{};
}

}  // namespace

Result<std::unique_ptr<QueuedClient>> QueuedClient::open(Parts parts,
                                                         std::chrono::milliseconds answer_within) {
  CF_TRY(storage::Queue* const requests, parts.storage.queue(kRequestQueue));
  CF_TRY(storage::BlobStore* const replies, parts.storage.blobs(kReplyContainer));
  return std::unique_ptr<QueuedClient>(new QueuedClient(parts, answer_within, *requests, *replies));
}

Result<json::Value> QueuedClient::ask(const Context& ctx, Kind kind, std::string verb,
                                      json::Object arguments) {
  if (kind == Kind::read && parts_.answered) CF_CHECK(parts_.answered(ctx));
  std::string id(16, '\0');
  for (std::size_t i = 0; i < id.size(); ++i)
    id[i] = static_cast<char>(parts_.random.next() & 0xFF);
  ClientRequest request{.id = crypto::to_hex(id),
                        .verb = std::move(verb),
                        .tenant = ctx.tenant().str(),
                        .trace = ctx.trace().str(),
                        .arguments = std::move(arguments)};
  CF_TRY(auto body, write_request(request));
  storage::SendOptions options;
  options.time_to_live = std::nullopt;
  if (kind == Kind::read) options.time_to_live = kReadKeptFor;
  CF_CHECK(requests_.send(ctx, std::move(body), options));
  return await(ctx, kind, storage::BlobKey(request.id));
}

Result<json::Value> QueuedClient::await(const Context& ctx, Kind kind,
                                        const storage::BlobKey& key) {
  const auto until = std::min(ctx.deadline(), parts_.clock.now() + answer_within_);
  auto look_after = kLookAfterFirst;
  auto ask_at = parts_.clock.now() + kAskWhetherAnswered;
  while (true) {
    const auto reply = replies_.get(ctx, key);
    if (reply) {
      (void)replies_.remove(ctx, key, {});  // A leftover is swept by the other side.
      return read_reply(reply->bytes);
    }
    if (reply.error().code() != Code::not_found) return reply.error();
    if (ctx.stopped()) return Error(Code::cancelled, "stopped while waiting for the orchestrator");
    if (parts_.clock.now() >= until) {
      return Error(Code::deadline_exceeded,
                   "no orchestrator answers; the request waits for one: is `cloudfolio serve "
                   "--role orchestrator` running?");
    }
    if (kind == Kind::read && parts_.answered && parts_.clock.now() >= ask_at) {
      CF_CHECK(parts_.answered(ctx));
      ask_at = parts_.clock.now() + kAskWhetherAnswered;
    }
    pause(ctx, look_after);
    look_after = std::min(look_after * 2, kLookAfterMax);
  }
}

Result<InstanceId> QueuedClient::start(const Context& ctx, StartOptions options) {
  json::Object arguments;
  arguments["options"] = to_json(options);
  CF_TRY(const auto reply, ask(ctx, Kind::write, "start", std::move(arguments)));
  return InstanceId(std::string(json::as_string(reply).value_or("")));
}

Result<std::optional<OrchestrationState>> QueuedClient::get(const Context& ctx,
                                                            const InstanceId& instance,
                                                            Include include) {
  auto arguments = of_instance(instance);
  arguments["payloads"] = include == Include::payloads;
  CF_TRY(const auto reply, ask(ctx, Kind::read, "get", std::move(arguments)));
  if (reply.is_null()) return std::optional<OrchestrationState>();
  CF_TRY(auto state, state_from(reply));
  return std::optional(std::move(state));
}

Result<OrchestrationState> QueuedClient::wait(const Context& ctx, const InstanceId& instance,
                                              Until until) {
  auto look_after = kLookAfterFirst;
  while (true) {
    CF_TRY(auto state, get(ctx, instance, Include::payloads));
    if (!state) return Error(Code::not_found, "there is no instance '" + instance.str() + "'");
    const bool reached = until == Until::finished ? is_terminal(state->status)
                                                  : state->status != OrchestrationStatus::pending;
    if (reached) return *std::move(state);
    if (ctx.stopped()) return Error(Code::cancelled, "stopped while waiting");
    if (parts_.clock.now() >= ctx.deadline())
      return Error(Code::deadline_exceeded, "'" + instance.str() + "' goes on");
    pause(ctx, look_after);
    look_after = std::min(look_after * 2, kWaitLookAfterMax);
  }
}

Status QueuedClient::raise_event(const Context& ctx, const InstanceId& instance, std::string name,
                                 std::string payload) {
  auto arguments = of_instance(instance);
  arguments["name"] = std::move(name);
  arguments["payload"] = std::move(payload);
  return done(ask(ctx, Kind::write, "raise_event", std::move(arguments)));
}

Status QueuedClient::terminate(const Context& ctx, const InstanceId& instance, std::string output,
                               Recurse recurse) {
  auto arguments = of_instance(instance);
  arguments["output"] = std::move(output);
  arguments["with_children"] = recurse == Recurse::with_children;
  return done(ask(ctx, Kind::write, "terminate", std::move(arguments)));
}

Status QueuedClient::suspend(const Context& ctx, const InstanceId& instance, std::string reason) {
  auto arguments = of_instance(instance);
  arguments["reason"] = std::move(reason);
  return done(ask(ctx, Kind::write, "suspend", std::move(arguments)));
}

Status QueuedClient::resume(const Context& ctx, const InstanceId& instance, std::string reason) {
  auto arguments = of_instance(instance);
  arguments["reason"] = std::move(reason);
  return done(ask(ctx, Kind::write, "resume", std::move(arguments)));
}

Status QueuedClient::rewind(const Context& ctx, const InstanceId& instance, std::string reason) {
  auto arguments = of_instance(instance);
  arguments["reason"] = std::move(reason);
  return done(ask(ctx, Kind::write, "rewind", std::move(arguments)));
}

Result<bool> QueuedClient::purge(const Context& ctx, const InstanceId& instance) {
  CF_TRY(const auto reply, ask(ctx, Kind::write, "purge", of_instance(instance)));
  return reply.is_bool() && reply.get_bool();
}

Result<std::size_t> QueuedClient::purge_finished(const Context& ctx,
                                                 Clock::WallTime completed_before,
                                                 std::size_t count_max) {
  json::Object arguments;
  arguments["completed_before"] =
      std::chrono::duration_cast<std::chrono::microseconds>(completed_before.time_since_epoch())
          .count();
  arguments["count_max"] = count_max;
  CF_TRY(const auto reply, ask(ctx, Kind::write, "purge_finished", std::move(arguments)));
  return static_cast<std::size_t>(json::as_int(reply).value_or(0));
}

Result<QueryPage> QueuedClient::query(const Context& ctx, const QueryFilter& filter,
                                      std::size_t count_max, std::string from) {
  json::Object arguments;
  arguments["filter"] = to_json(filter);
  arguments["count_max"] = count_max;
  arguments["from"] = std::move(from);
  CF_TRY(const auto reply, ask(ctx, Kind::read, "query", std::move(arguments)));
  QueryPage page;
  page.next = std::string(json::find_string(reply, "next").value_or(""));
  if (const auto* instances = json::find_array(reply, "instances")) {
    for (const json::Value& value : *instances) {
      CF_TRY(auto state, state_from(value));
      page.instances.push_back(std::move(state));
    }
  }
  return page;
}

Result<History> QueuedClient::history(const Context& ctx, const InstanceId& instance) {
  CF_TRY(const auto reply, ask(ctx, Kind::read, "history", of_instance(instance)));
  return history_from(reply);
}

}  // namespace cloudfolio::durable

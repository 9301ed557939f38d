#include "durable/queued/client_server.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "durable/queued/client_message.h"
#include "storage/rules.h"

namespace cloudfolio::durable {
namespace {

constexpr std::chrono::seconds kVisibility{30};
constexpr std::chrono::seconds kAnswerLongest{20};
constexpr std::chrono::seconds kWaitLongest{30};
constexpr std::chrono::hours kReplyKeptFor{1};
constexpr std::chrono::milliseconds kStoreRetryAfter{200};
constexpr std::size_t kRequestsAtOnce = 8;

using Answer = Result<json::Value> (*)(Client&, const Context&, const json::Object&);

std::string text(const json::Object& arguments, std::string_view key) {
  return std::string(json::find_string(arguments, key).value_or(""));
}
InstanceId instance_of(const json::Object& arguments) {
  return InstanceId(text(arguments, "instance"));
}
std::size_t count_of(const json::Object& arguments) {
  return static_cast<std::size_t>(json::find_int(arguments, "count_max").value_or(0));
}
Result<json::Value> nothing(const Status& status) {
  if (!status) return status.error();
  return json::Value(nullptr);
}

Result<json::Value> start(Client& client, const Context& ctx, const json::Object& arguments) {
  const auto* options = json::find_object(arguments, "options");
  if (!options) return Error(Code::invalid_argument, "a start without options");
  CF_TRY(auto read, start_options_from(*options));
  CF_TRY(const auto instance, client.start(ctx, std::move(read)));
  return json::Value(instance.str());
}
Result<json::Value> get(Client& client, const Context& ctx, const json::Object& arguments) {
  const bool payloads = json::find_bool(arguments, "payloads").value_or(false);
  CF_TRY(const auto state,
         client.get(ctx, instance_of(arguments), payloads ? Include::payloads : Include::summary));
  return state ? to_json(*state) : json::Value(nullptr);
}
Result<json::Value> raise_event(Client& client, const Context& ctx, const json::Object& arguments) {
  return nothing(client.raise_event(ctx, instance_of(arguments), text(arguments, "name"),
                                    text(arguments, "payload")));
}
Result<json::Value> terminate(Client& client, const Context& ctx, const json::Object& arguments) {
  const bool children = json::find_bool(arguments, "with_children").value_or(true);
  return nothing(client.terminate(ctx, instance_of(arguments), text(arguments, "output"),
                                  children ? Recurse::with_children : Recurse::this_instance));
}
Result<json::Value> suspend(Client& client, const Context& ctx, const json::Object& arguments) {
  return nothing(client.suspend(ctx, instance_of(arguments), text(arguments, "reason")));
}
Result<json::Value> resume(Client& client, const Context& ctx, const json::Object& arguments) {
  return nothing(client.resume(ctx, instance_of(arguments), text(arguments, "reason")));
}
Result<json::Value> rewind(Client& client, const Context& ctx, const json::Object& arguments) {
  return nothing(client.rewind(ctx, instance_of(arguments), text(arguments, "reason")));
}
Result<json::Value> purge(Client& client, const Context& ctx, const json::Object& arguments) {
  CF_TRY(const bool was_there, client.purge(ctx, instance_of(arguments)));
  return json::Value(was_there);
}
Result<json::Value> purge_finished(Client& client, const Context& ctx,
                                   const json::Object& arguments) {
  const std::chrono::microseconds before(json::find_int(arguments, "completed_before").value_or(0));
  CF_TRY(const auto count,
         client.purge_finished(
             ctx, Clock::WallTime(std::chrono::duration_cast<Clock::WallTime::duration>(before)),
             count_of(arguments)));
  return json::Value(count);
}
Result<json::Value> query(Client& client, const Context& ctx, const json::Object& arguments) {
  QueryFilter filter;
  if (const auto* object = json::find_object(arguments, "filter")) {
    CF_TRY(filter, filter_from(*object));
  }
  CF_TRY(const auto page, client.query(ctx, filter, count_of(arguments), text(arguments, "from")));
  json::Array instances;
  for (const OrchestrationState& state : page.instances) instances.push_back(to_json(state));
  json::Object object;
  object["instances"] = std::move(instances);
  object["next"] = page.next;
  return json::Value(std::move(object));
}
Result<json::Value> history(Client& client, const Context& ctx, const json::Object& arguments) {
  CF_TRY(const auto events, client.history(ctx, instance_of(arguments)));
  return to_json(events);
}

const std::map<std::string_view, Answer> kVerbs = {
    {"start", start},         {"get", get},         {"raise_event", raise_event},
    {"terminate", terminate}, {"suspend", suspend}, {"resume", resume},
    {"rewind", rewind},       {"purge", purge},     {"purge_finished", purge_finished},
    {"query", query},         {"history", history}};

}  // namespace

class ClientServer::State {
 public:
  State(Parts parts, storage::Queue& requests, storage::BlobStore& replies, int threads_count)
      : parts_(parts), requests_(requests), replies_(replies) {
    for (int i = 0; i < threads_count; ++i)
      threads_.emplace_back([this](const std::stop_token& stop) { serve(stop); });
  }

  Result<std::string> sweep(const Context& ctx, const std::string& continuation) {
    storage::ListOptions options;
    options.continuation = continuation;
    CF_TRY(const auto page, replies_.list(ctx, options));
    const auto oldest = parts_.clock.wall_time() - kReplyKeptFor;
    for (const storage::BlobEntry& entry : page.entries) {
      if (entry.properties.last_modified < oldest) CF_CHECK(replies_.remove(ctx, entry.key, {}));
    }
    return page.continuation;
  }

 private:
  void serve(const std::stop_token& stop) {
    const Context ctx = Context().with_stop(stop);
    while (!stop.stop_requested()) {
      const Status done = answer_some(ctx);
      if (done || stop.stop_requested()) continue;
      parts_.log.warn(ctx, "orchestrator.store_refuses", {{"error", done.error()}});
      std::unique_lock lock(mutex_);
      woken_.wait_for(lock, stop, kStoreRetryAfter, [] { return false; });
    }
  }

  Status answer_some(const Context& ctx) {
    CF_TRY(const auto received,
           requests_.receive(ctx, {.max_count = kRequestsAtOnce, .visibility = kVisibility}));
    for (const storage::ReceivedMessage& message : received) CF_CHECK(answer(ctx, message));
    if (received.empty())
      CF_CHECK(requests_.wait_for_message(ctx, parts_.clock.now() + kWaitLongest));
    return Done{};
  }

  Status answer(const Context& ctx, const storage::ReceivedMessage& received) {
    const auto request = read_request(received.message.body);
    if (!request) {
      parts_.log.error(ctx, "orchestrator.request_unreadable", {{"error", request.error()}});
      return remove(ctx, received);
    }
    const storage::BlobKey key(request->id);
    const auto before = replies_.head(ctx, key);
    if (!before && before.error().code() == Code::not_found) {
      storage::PutOptions options;
      options.condition = storage::Nothing{};
      options.content_type = "application/json";
      if (!request->tenant.empty())
        options.metadata["username"] = storage::to_metadata_value(request->tenant);
      const auto put = replies_.put(ctx, key, write_reply(carry_out(ctx, *request)), options);
      if (!put && put.error().code() != Code::conflict) return put.error();
    } else if (!before) {
      return before.error();
    }
    return remove(ctx, received);
  }

  Result<json::Value> carry_out(const Context& ctx, const ClientRequest& request) {
    const auto verb = kVerbs.find(request.verb);
    if (verb == kVerbs.end())
      return Error(Code::invalid_argument, "no request '" + request.verb + "'");
    const Context own = ctx.for_tenant(TenantId(request.tenant))
                            .with_trace(TraceId(request.trace))
                            .with_deadline(parts_.clock.now() + kAnswerLongest);
    return verb->second(parts_.client, own, request.arguments);
  }

  Status remove(const Context& ctx, const storage::ReceivedMessage& received) {
    const Status removed = requests_.remove(ctx, received.message.id, received.receipt);
    if (removed || removed.error().code() == Code::conflict ||
        removed.error().code() == Code::not_found) {
      return Done{};
    }
    return removed;
  }

  const Parts parts_;
  storage::Queue& requests_;
  storage::BlobStore& replies_;
  std::mutex mutex_;
  std::condition_variable_any woken_;
  std::vector<std::jthread> threads_;
};

ClientServer::ClientServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
ClientServer::~ClientServer() = default;

Result<std::unique_ptr<ClientServer>> ClientServer::open(Parts parts, int threads_count) {
  CF_TRY(storage::Queue* const requests, parts.storage.queue(kRequestQueue));
  CF_TRY(storage::BlobStore* const replies, parts.storage.blobs(kReplyContainer));
  return std::unique_ptr<ClientServer>(
      new ClientServer(std::make_unique<State>(parts, *requests, *replies, threads_count)));
}

Result<std::string> ClientServer::sweep(const Context& ctx, const std::string& continuation) {
  return state_->sweep(ctx, continuation);
}

}  // namespace cloudfolio::durable

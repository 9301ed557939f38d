#include "roles/old_training_queue.h"

#include "durable/queued/activity_message.h"
#include "json/json.h"
#include "tenancy/login.h"

namespace cloudfolio::roles {
namespace {

constexpr std::string_view kBundlePrefix = "repos_bundle_context_";

std::string text_at(const json::Object& object, std::string_view key) {
  return std::string(json::find_string(object, key).value_or(""));
}

bool may_pass(const Error& error) {
  return error.code() == Code::unavailable || error.code() == Code::deadline_exceeded ||
         error.code() == Code::rate_limited;
}

}  // namespace

Result<OldTrainingMessage> read_old_training_message(std::string_view body) {
  CF_TRY(const json::Object object, durable::decode_message_body(body));
  OldTrainingMessage message;
  auto tenant = tenancy::tenant_from_login(text_at(object, "username"));
  if (!tenant) return Error(Code::invalid_argument, "the message's 'username' is no GitHub login");
  message.tenant = *std::move(tenant);
  message.job = text_at(object, "job_id");
  message.bundle_key = text_at(object, "bundle_cache_key");
  message.fingerprint = text_at(object, "bundle_fingerprint");
  if (message.bundle_key.empty() && json::find_array(object, "repos_bundle") == nullptr)
    return Error(Code::invalid_argument, "the message lacks 'bundle_cache_key'");
  if (message.bundle_key.empty()) return message;
  // A claim check opens the bundle of its own user and nothing else.
  const std::string_view key = message.bundle_key;
  const bool bundle = key.starts_with(kBundlePrefix);
  const auto named =
      tenancy::tenant_from_login(std::string(bundle ? key.substr(kBundlePrefix.size()) : ""));
  if (!named || *named != message.tenant)
    return Error(Code::invalid_argument,
                 "'" + message.bundle_key + "' is no bundle of '" + message.tenant.str() + "'");
  return message;
}

Status OldTrainingQueue::look(const Context& ctx) {
  CF_TRY(storage::Queue* const queue, parts_.storage.queue(kQueue));
  // One by one: while others wait for their turn here, the old worker could get them again.
  for (std::size_t i = 0; i < storage::kReceiveCountMax; ++i) {
    CF_TRY(const auto received, queue->receive(ctx, {.max_count = 1, .visibility = kVisibility}));
    if (received.empty()) break;
    CF_CHECK(handle(ctx, *queue, received.front()));
  }
  return Done{};
}

Status OldTrainingQueue::handle(const Context& ctx, storage::Queue& queue,
                                const storage::ReceivedMessage& received) {
  const auto message = read_old_training_message(received.message.body);
  if (!message) return put_aside(ctx, queue, received, message.error().message());
  const Context own = ctx.for_tenant(message->tenant);
  const auto published = parts_.published(own, message->tenant);
  if (!published && published.error().code() == Code::not_found)
    return put_aside(ctx, queue, received,
                     "the bundle '" + message->bundle_key + "' is not there any more");
  if (published && !message->fingerprint.empty() && message->fingerprint != *published)
    return put_aside(ctx, queue, received,
                     "the bundle has fingerprint " + *published + " and the message asks for " +
                         message->fingerprint);
  const Status started =
      published ? parts_.start_training(own, message->tenant) : Status(published.error());
  if (started) {
    parts_.log.info(own, "training.asked_by_old_app", {{"job", message->job}});
    return queue.remove(ctx, received.message.id, received.receipt);
  }
  if (may_pass(started.error()) && received.message.dequeue_count < kStartsMax) return Done{};
  return put_aside(ctx, queue, received, started.error().message());
}

Status OldTrainingQueue::put_aside(const Context& ctx, storage::Queue& queue,
                                   const storage::ReceivedMessage& received,
                                   const std::string& reason) {
  parts_.log.error(ctx, "worker.poisoned", {{"queue", kQueue}, {"reason", reason}});
  CF_TRY(storage::Queue* const poison, parts_.storage.queue(kPoison));
  CF_CHECK(durable::put_aside(ctx, *poison, received.message, reason));
  return queue.remove(ctx, received.message.id, received.receipt);
}

}  // namespace cloudfolio::roles

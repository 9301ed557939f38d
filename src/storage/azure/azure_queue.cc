#include "storage/azure/azure_queue.h"

#include <algorithm>
#include <charconv>

#include "storage/azure/queue_messages.h"
#include "storage/azure/wire_time.h"
#include "storage/rules.h"

namespace cloudfolio::storage::azure {
namespace {

constexpr std::string_view kNoQueue = "QueueNotFound";

std::string seconds(std::chrono::seconds length) {
  return std::to_string(length.count());
}

// Whose message it is now: the service calls an old receipt a bad request.
Error receipt_error(const Reply& reply) {
  if (reply.code == "PopReceiptMismatch" || reply.code == "InvalidQueryParameterValue") {
    if (reply.in_doubt)
      return Error(Code::unavailable,
                   "an attempt was not answered and the receipt is no longer valid: whether that "
                   "attempt or another receiver ended it is not known");
    return Error(Code::conflict, "the receipt is old: " + reply.code);
  }
  return error_of(reply);
}

}  // namespace

Status AzureQueue::create_queue(const Context& ctx) {
  CF_TRY(const Reply reply, service_.send(ctx, {.method = http::Method::put, .path = path_}));
  if (reply.code == "QueueAlreadyExists") return Done{};
  if (reply.code == "QueueBeingDeleted")
    return Error(Code::unavailable, "the queue is being deleted");
  return check_reply(reply);
}

Result<MessageId> AzureQueue::send(const Context& ctx, std::string body,
                                   const SendOptions& options) {
  CF_CHECK(check_context(ctx, service_.clock().now()));
  CF_CHECK(check_send(body, options));
  WireRequest request;
  request.method = http::Method::post;
  request.path = path_ + "/messages";
  request.query = {{"messagettl", options.time_to_live ? seconds(*options.time_to_live) : "-1"},
                   {"visibilitytimeout", seconds(options.delay)}};
  request.body = message_xml(body);
  CF_TRY(Reply reply, service_.send(ctx, request));
  if (reply.code == kNoQueue) {
    CF_CHECK(create_queue(ctx));
    CF_TRY(reply, service_.send(ctx, request));
  }
  CF_CHECK(check_reply(reply));
  CF_TRY(const auto messages, messages_from(reply.response.body.view()));
  if (messages.size() != 1)
    return Error(Code::corrupt, "the queue service did not say which message it took");
  notify();
  return messages.front().message.id;
}

Result<std::vector<ReceivedMessage>> AzureQueue::receive(const Context& ctx,
                                                         const ReceiveOptions& options) {
  CF_CHECK(check_context(ctx, service_.clock().now()));
  CF_CHECK(check_receive(options));
  WireRequest request;
  request.path = path_ + "/messages";
  request.query = {{"numofmessages", std::to_string(options.max_count)},
                   {"visibilitytimeout", seconds(options.visibility)}};
  CF_TRY(const Reply reply, service_.send(ctx, request));
  if (reply.code == kNoQueue) return std::vector<ReceivedMessage>();
  CF_CHECK(check_reply(reply));
  return messages_from(reply.response.body.view());
}

Result<Renewal> AzureQueue::renew(const Context& ctx, const MessageId& id,
                                  const PopReceipt& receipt, const RenewOptions& options) {
  CF_CHECK(check_context(ctx, service_.clock().now()));
  CF_CHECK(check_renew(options));
  WireRequest request;
  request.method = http::Method::put;
  request.path = path_ + "/messages/" + http::percent_encode(id.str());
  request.query = {{"popreceipt", receipt.str()},
                   {"visibilitytimeout", seconds(options.visibility)}};
  if (options.body) request.body = message_xml(*options.body);
  CF_TRY(const Reply reply, service_.send(ctx, request));
  if (!reply.ok()) return receipt_error(reply);
  Renewal renewal;
  renewal.receipt = PopReceipt(reply.header("x-ms-popreceipt"));
  const auto visible = wire_time_from(reply.header("x-ms-time-next-visible"));
  if (renewal.receipt.empty() || !visible)
    return Error(Code::corrupt, "the queue service answered a renewal without receipt or time");
  renewal.visible_at = *visible;
  if (options.visibility == std::chrono::seconds(0)) notify();
  return renewal;
}

Status AzureQueue::remove(const Context& ctx, const MessageId& id, const PopReceipt& receipt) {
  CF_CHECK(check_context(ctx, service_.clock().now()));
  WireRequest request;
  request.method = http::Method::delete_;
  request.path = path_ + "/messages/" + http::percent_encode(id.str());
  request.query = {{"popreceipt", receipt.str()}};
  CF_TRY(const Reply reply, service_.send(ctx, request));
  // Gone by the attempt that was not answered.
  if (reply.ok() || (reply.status() == 404 && reply.in_doubt)) return Done{};
  return receipt_error(reply);
}

Result<std::vector<Message>> AzureQueue::peek(const Context& ctx, std::size_t max_count) {
  CF_CHECK(check_context(ctx, service_.clock().now()));
  CF_CHECK(check_peek(max_count));
  WireRequest request;
  request.path = path_ + "/messages";
  request.query = {{"numofmessages", std::to_string(max_count)}, {"peekonly", "true"}};
  CF_TRY(const Reply reply, service_.send(ctx, request));
  std::vector<Message> messages;
  if (reply.code == kNoQueue) return messages;
  CF_CHECK(check_reply(reply));
  CF_TRY(auto shown, messages_from(reply.response.body.view()));
  for (ReceivedMessage& one : shown) messages.push_back(std::move(one.message));
  return messages;
}

Result<std::uint64_t> AzureQueue::approximate_count(const Context& ctx) {
  CF_CHECK(check_context(ctx, service_.clock().now()));
  CF_TRY(const Reply reply, service_.send(ctx, {.path = path_, .query = {{"comp", "metadata"}}}));
  if (reply.code == kNoQueue) return 0u;
  CF_CHECK(check_reply(reply));
  const std::string text = reply.header("x-ms-approximate-messages-count");
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size())
    return Error(Code::corrupt, "the queue service did not say how many messages there are");
  return count;
}

Status AzureQueue::clear(const Context& ctx) {
  CF_CHECK(check_context(ctx, service_.clock().now()));
  CF_TRY(const Reply reply,
         service_.send(ctx, {.method = http::Method::delete_, .path = path_ + "/messages"}));
  return reply.code == kNoQueue ? Status(Done{}) : check_reply(reply);
}

std::uint64_t AzureQueue::sent_count() {
  const std::lock_guard lock(mutex_);
  return sent_count_;
}

void AzureQueue::notify() {
  {
    const std::lock_guard lock(mutex_);
    ++sent_count_;
  }
  sent_.notify_all();
}

Result<Wakeup> AzureQueue::wait_for_message(const Context& ctx, Clock::Instant until) {
  const Polling& polling = service_.options().polling;
  const Clock& clock = service_.clock();
  auto pause = polling.pause_first;
  while (true) {
    // Before looking: what is sent in between is seen as a changed count.
    const std::uint64_t seen = sent_count();
    CF_CHECK(check_context(ctx, clock.now()));
    if (clock.now() >= until) return Wakeup::time_up;
    CF_TRY(const auto visible, peek(ctx, 1));
    if (!visible.empty()) return Wakeup::message;
    const auto left = std::min(until, ctx.deadline()) - clock.now();
    std::unique_lock lock(mutex_);
    sent_.wait_for(lock, ctx.stop_token(), std::min<std::chrono::nanoseconds>(pause, left),
                   [&] { return sent_count_ != seen; });
    pause = std::min(pause * 3 / 2, polling.pause_max);
  }
}

}  // namespace cloudfolio::storage::azure

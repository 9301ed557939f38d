#include "storage/memory/memory_queue.h"

#include <algorithm>

#include "storage/rules.h"

namespace cloudfolio::storage {

void MemoryQueue::State::schedule(Stored& stored, Clock::WallTime visible_at) {
  const std::string& id = stored.message.id.str();
  by_time.erase({{stored.visible_at, stored.turn}, id});
  stored.visible_at = visible_at;
  stored.turn = ++last_number;
  by_time.insert({{stored.visible_at, stored.turn}, id});
}

void MemoryQueue::State::erase(std::map<std::string, Stored>::iterator at) {
  by_time.erase({{at->second.visible_at, at->second.turn}, at->first});
  messages.erase(at);
}

void MemoryQueue::State::drop_expired(Clock::WallTime now) {
  if (now < first_expiry) return;
  first_expiry = Clock::WallTime::max();
  for (auto at = messages.begin(); at != messages.end();) {
    const auto next = std::next(at);
    const auto expires_at = at->second.message.expires_at.value_or(Clock::WallTime::max());
    if (expires_at <= now) {
      erase(at);
    } else {
      first_expiry = std::min(first_expiry, expires_at);
    }
    at = next;
  }
}

Result<std::map<std::string, MemoryQueue::Stored>::iterator> MemoryQueue::State::find(
    const MessageId& id, const PopReceipt& receipt) {
  const auto found = messages.find(id.str());
  if (found == messages.end()) return Error(Code::not_found, "the message is gone");
  if (found->second.receipt != receipt) {
    return Error(Code::conflict, "the receipt is old: somebody else has the message");
  }
  return found;
}

Result<MessageId> MemoryQueue::send(const Context& ctx, std::string body,
                                    const SendOptions& options) {
  CF_CHECK(check_context(ctx, clock_.now()));
  CF_CHECK(check_send(body, options));
  const auto now = clock_.wall_time();
  MessageId id;
  {
    auto state = state_.lock();
    id = MessageId(std::to_string(++state->last_number));
    Stored stored;
    stored.message = {.id = id,
                      .body = std::move(body),
                      .dequeue_count = 0,
                      .inserted_at = now,
                      .expires_at = {}};
    if (options.time_to_live) {
      stored.message.expires_at = now + *options.time_to_live;
      state->first_expiry = std::min(state->first_expiry, *stored.message.expires_at);
    }
    state->schedule(state->messages[id.str()] = std::move(stored), now + options.delay);
  }
  wakeups_.notify();
  return id;
}

Result<std::vector<ReceivedMessage>> MemoryQueue::receive(const Context& ctx,
                                                          const ReceiveOptions& options) {
  CF_CHECK(check_context(ctx, clock_.now()));
  CF_CHECK(check_receive(options));
  const auto now = clock_.wall_time();
  auto state = state_.lock();
  state->drop_expired(now);
  std::vector<ReceivedMessage> received;
  while (received.size() < options.max_count && !state->by_time.empty()) {
    const Turn first = *state->by_time.begin();
    if (first.first.first > now) break;
    Stored& stored = state->messages.at(first.second);
    state->schedule(stored, now + options.visibility);
    stored.receipt = PopReceipt(std::to_string(++state->last_number));
    ++stored.message.dequeue_count;
    received.push_back({stored.message, stored.receipt, stored.visible_at});
  }
  return received;
}

Result<Renewal> MemoryQueue::renew(const Context& ctx, const MessageId& id,
                                   const PopReceipt& receipt, const RenewOptions& options) {
  CF_CHECK(check_context(ctx, clock_.now()));
  CF_CHECK(check_renew(options));
  const auto now = clock_.wall_time();
  Renewal renewal;
  {
    auto state = state_.lock();
    state->drop_expired(now);
    CF_TRY(const auto found, state->find(id, receipt));
    Stored& stored = found->second;
    if (options.body) stored.message.body = *options.body;
    state->schedule(stored, now + options.visibility);
    stored.receipt = PopReceipt(std::to_string(++state->last_number));
    renewal = {stored.receipt, stored.visible_at};
  }
  if (options.visibility == std::chrono::seconds(0)) wakeups_.notify();
  return renewal;
}

Status MemoryQueue::remove(const Context& ctx, const MessageId& id, const PopReceipt& receipt) {
  CF_CHECK(check_context(ctx, clock_.now()));
  auto state = state_.lock();
  state->drop_expired(clock_.wall_time());
  CF_TRY(const auto found, state->find(id, receipt));
  state->erase(found);
  return Done{};
}

Result<std::vector<Message>> MemoryQueue::peek(const Context& ctx, std::size_t max_count) {
  CF_CHECK(check_context(ctx, clock_.now()));
  CF_CHECK(check_peek(max_count));
  const auto now = clock_.wall_time();
  auto state = state_.lock();
  state->drop_expired(now);
  std::vector<Message> messages;
  for (const Turn& turn : state->by_time) {
    if (messages.size() == max_count || turn.first.first > now) break;
    messages.push_back(state->messages.at(turn.second).message);
  }
  return messages;
}

Result<std::uint64_t> MemoryQueue::approximate_count(const Context& ctx) {
  CF_CHECK(check_context(ctx, clock_.now()));
  auto state = state_.lock();
  state->drop_expired(clock_.wall_time());
  return std::uint64_t(state->messages.size());
}

Status MemoryQueue::clear(const Context& ctx) {
  CF_CHECK(check_context(ctx, clock_.now()));
  auto state = state_.lock();
  state->messages.clear();
  state->by_time.clear();
  return Done{};
}

Result<Wakeup> MemoryQueue::wait_for_message(const Context& ctx, Clock::Instant until) {
  return wakeups_.wait(ctx, until, [this]() -> Result<std::optional<Clock::WallTime>> {
    auto state = state_.lock();
    state->drop_expired(clock_.wall_time());
    if (state->by_time.empty()) return std::optional<Clock::WallTime>();
    return std::optional<Clock::WallTime>(state->by_time.begin()->first.first);
  });
}

}  // namespace cloudfolio::storage

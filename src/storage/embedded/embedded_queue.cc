#include "storage/embedded/embedded_queue.h"

#include <charconv>

#include "sqlite/database.h"
#include "storage/embedded/encoding.h"
#include "storage/embedded/message_rows.h"
#include "storage/rules.h"

namespace cloudfolio::storage::embedded {

namespace {

constexpr std::size_t kExpiredSliceCount = 1'000;

std::optional<std::int64_t> number_from(const MessageId& id) {
  std::int64_t number = 0;
  const char* const end = id.str().data() + id.str().size();
  const auto [stop, error] = std::from_chars(id.str().data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

// The message that the receipt is for; not_found or conflict as queue.h says.
Result<MessageRow> held_message(sqlite::Database& db, std::int64_t place, const MessageId& id,
                                const PopReceipt& receipt, Clock::WallTime now) {
  const auto number = number_from(id);
  if (!number) return Error(Code::not_found, "the message is gone");
  CF_TRY(auto row, find_message(db, place, *number, now));
  if (!row) return Error(Code::not_found, "the message is gone");
  if (to_tag(row->receipt) == receipt.str()) return *std::move(row);
  return Error(Code::conflict, "the receipt is old: somebody else has the message");
}

}  // namespace

Result<MessageId> EmbeddedQueue::send(const Context& ctx, std::string body,
                                      const SendOptions& options) {
  CF_CHECK(check_context(ctx, store_.clock.now()));
  CF_CHECK(check_send(body, options));
  const auto now = store_.clock.wall_time();
  NewMessage message{.body = std::move(body),
                     .inserted_at = now,
                     .visible_at = now + options.delay,
                     .expires_at = {},
                     .receipt = 0};
  if (options.time_to_live) message.expires_at = now + *options.time_to_live;
  std::int64_t id = 0;
  CF_CHECK(store_.writer->apply([&](sqlite::Database& db) -> Status {
    message.receipt = store_.new_tag();
    CF_TRY(id, insert_message(db, place_, message));
    return Done{};
  }));
  wakeups_.notify();
  return MessageId(std::to_string(id));
}

Result<std::vector<ReceivedMessage>> EmbeddedQueue::receive(const Context& ctx,
                                                            const ReceiveOptions& options) {
  CF_CHECK(check_context(ctx, store_.clock.now()));
  CF_CHECK(check_receive(options));
  const auto now = store_.clock.wall_time();
  std::vector<ReceivedMessage> received;
  // An idle consumer must not take the write lock again and again.
  CF_TRY(const auto next, next_visible(*store_.readers->borrow(), place_));
  if (!next || *next > now) return received;
  const auto visible_at = now + options.visibility;
  CF_CHECK(store_.writer->apply([&](sqlite::Database& db) -> Status {
    CF_CHECK(delete_expired(db, place_, now, kExpiredSliceCount));
    CF_TRY(auto rows, visible_messages(db, place_, now, options.max_count));
    for (MessageRow& row : rows) {
      const MessageHold hold{store_.new_tag(), visible_at, row.message.dequeue_count + 1};
      CF_CHECK(hold_message(db, row.id, hold, std::nullopt));
      row.message.dequeue_count = hold.dequeue_count;
      received.push_back({std::move(row.message), PopReceipt(to_tag(hold.receipt)), visible_at});
    }
    return Done{};
  }));
  return received;
}

Result<Renewal> EmbeddedQueue::renew(const Context& ctx, const MessageId& id,
                                     const PopReceipt& receipt, const RenewOptions& options) {
  CF_CHECK(check_context(ctx, store_.clock.now()));
  CF_CHECK(check_renew(options));
  const auto now = store_.clock.wall_time();
  MessageHold hold{0, now + options.visibility, 0};
  CF_CHECK(store_.writer->apply([&](sqlite::Database& db) -> Status {
    CF_TRY(const MessageRow row, held_message(db, place_, id, receipt, now));
    hold.receipt = store_.new_tag();
    hold.dequeue_count = row.message.dequeue_count;
    return hold_message(db, row.id, hold, options.body);
  }));
  if (options.visibility == std::chrono::seconds(0)) wakeups_.notify();
  return Renewal{PopReceipt(to_tag(hold.receipt)), hold.visible_at};
}

Status EmbeddedQueue::remove(const Context& ctx, const MessageId& id, const PopReceipt& receipt) {
  CF_CHECK(check_context(ctx, store_.clock.now()));
  const auto now = store_.clock.wall_time();
  return store_.writer->apply([&](sqlite::Database& db) -> Status {
    CF_TRY(const MessageRow row, held_message(db, place_, id, receipt, now));
    return delete_message(db, row.id);
  });
}

Result<std::vector<Message>> EmbeddedQueue::peek(const Context& ctx, std::size_t max_count) {
  CF_CHECK(check_context(ctx, store_.clock.now()));
  CF_CHECK(check_peek(max_count));
  CF_TRY(auto rows,
         visible_messages(*store_.readers->borrow(), place_, store_.clock.wall_time(), max_count));
  std::vector<Message> messages;
  for (MessageRow& row : rows) messages.push_back(std::move(row.message));
  return messages;
}

Result<std::uint64_t> EmbeddedQueue::approximate_count(const Context& ctx) {
  CF_CHECK(check_context(ctx, store_.clock.now()));
  CF_TRY(const std::int64_t count, count_messages(*store_.readers->borrow(), place_));
  return std::uint64_t(count);
}

Status EmbeddedQueue::clear(const Context& ctx) {
  CF_CHECK(check_context(ctx, store_.clock.now()));
  return store_.writer->apply([&](sqlite::Database& db) { return delete_messages(db, place_); });
}

Result<Wakeup> EmbeddedQueue::wait_for_message(const Context& ctx, Clock::Instant until) {
  return wakeups_.wait(ctx, until,
                       [this] { return next_visible(*store_.readers->borrow(), place_); });
}

Status EmbeddedQueue::maintain() {
  const auto now = store_.clock.wall_time();
  CF_TRY(const auto next, next_visible(*store_.readers->borrow(), place_));
  if (!next || *next > now) return Done{};
  return store_.writer->apply([&](sqlite::Database& db) -> Status {
    CF_CHECK(delete_expired(db, place_, now, kExpiredSliceCount));
    return Done{};
  });
}

}  // namespace cloudfolio::storage::embedded

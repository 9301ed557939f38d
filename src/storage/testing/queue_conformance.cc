#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "storage/testing/conformance.h"

namespace cloudfolio::storage {

void link_queue_conformance() {}

using namespace std::chrono_literals;

MessageId QueueConformance::send(std::string body, const SendOptions& options) {
  auto id = queue.send(ctx, std::move(body), options);
  EXPECT_TRUE(id) << id.error().message();
  return id ? *id : MessageId();
}

std::string QueueConformance::receive(std::chrono::seconds visibility) {
  auto received = queue.receive(ctx, {.max_count = 1, .visibility = visibility});
  EXPECT_TRUE(received) << received.error().message();
  if (!received || received->empty()) return "EMPTY";
  EXPECT_EQ(received->size(), 1u);
  last = received->front();
  return last.message.body;
}

namespace {

TEST_P(QueueConformance, a_message_is_received_once_and_removed) {
  const auto before = clock().wall_time();
  const MessageId id = send("hello");
  EXPECT_EQ(receive(), "hello");
  EXPECT_EQ(last.message.id, id);
  EXPECT_EQ(last.message.dequeue_count, 1u);
  EXPECT_GE(last.message.inserted_at, before - 2s);
  EXPECT_LE(last.message.inserted_at, clock().wall_time() + 2s);
  EXPECT_GT(last.visible_at, last.message.inserted_at);
  EXPECT_EQ(receive(), "EMPTY");
  ASSERT_TRUE(queue.remove(ctx, last.message.id, last.receipt));
  EXPECT_EQ(*queue.approximate_count(ctx), 0u);
}

TEST_P(QueueConformance, a_message_comes_back_when_its_lease_runs_out) {
  send("hello");
  EXPECT_EQ(receive(2s), "hello");
  const ReceivedMessage first = last;
  EXPECT_EQ(receive(2s), "EMPTY");
  pass(3s);
  EXPECT_EQ(receive(2s), "hello");
  EXPECT_EQ(last.message.dequeue_count, 2u);
  EXPECT_EQ(last.message.id, first.message.id);
  EXPECT_NE(last.receipt, first.receipt);
}

TEST_P(QueueConformance, an_old_receipt_is_a_conflict_and_changes_nothing) {
  send("hello");
  receive(2s);
  const ReceivedMessage old = last;
  pass(3s);
  receive(30s);
  EXPECT_EQ(queue.remove(ctx, old.message.id, old.receipt).error().code(), Code::conflict);
  EXPECT_EQ(queue.renew(ctx, old.message.id, old.receipt, {}).error().code(), Code::conflict);
  EXPECT_TRUE(queue.remove(ctx, last.message.id, last.receipt));
}

TEST_P(QueueConformance, a_receipt_that_ran_out_works_until_somebody_else_receives) {
  send("hello");
  receive(2s);
  pass(3s);
  EXPECT_TRUE(queue.remove(ctx, last.message.id, last.receipt));
  EXPECT_EQ(receive(), "EMPTY");
}

TEST_P(QueueConformance, renewing_hides_it_longer_under_a_new_receipt) {
  send("hello");
  receive(2s);
  const auto renewal = queue.renew(ctx, last.message.id, last.receipt, {.visibility = 10s});
  ASSERT_TRUE(renewal);
  pass(3s);
  EXPECT_EQ(receive(), "EMPTY");
  const MessageId id = last.message.id;
  EXPECT_EQ(queue.remove(ctx, id, last.receipt).error().code(), Code::conflict);
  EXPECT_TRUE(queue.remove(ctx, id, renewal->receipt));
}

TEST_P(QueueConformance, renewing_can_replace_the_body_and_give_it_back) {
  send("attempt 1");
  receive();
  ASSERT_TRUE(
      queue.renew(ctx, last.message.id, last.receipt, {.visibility = 0s, .body = "attempt 2"}));
  EXPECT_EQ(receive(), "attempt 2");
  EXPECT_EQ(last.message.dequeue_count, 2u);
}

TEST_P(QueueConformance, what_is_gone_is_not_found) {
  send("hello");
  receive();
  ASSERT_TRUE(queue.remove(ctx, last.message.id, last.receipt));
  EXPECT_EQ(queue.remove(ctx, last.message.id, last.receipt).error().code(), Code::not_found);
  EXPECT_EQ(queue.renew(ctx, last.message.id, last.receipt, {}).error().code(), Code::not_found);
}

TEST_P(QueueConformance, a_delayed_message_waits) {
  send("later", {.delay = 3s});
  EXPECT_EQ(receive(), "EMPTY");
  pass(4s);
  EXPECT_EQ(receive(), "later");
}

TEST_P(QueueConformance, a_message_expires) {
  send("short", {.time_to_live = 2s});
  send("forever", {.time_to_live = std::nullopt});
  pass(3s);
  EXPECT_EQ(receive(), "forever");
  EXPECT_EQ(last.message.expires_at, std::nullopt);
  EXPECT_EQ(receive(), "EMPTY");
}

TEST_P(QueueConformance, an_expired_message_in_hand_is_gone) {
  send("short", {.time_to_live = 2s});
  EXPECT_EQ(receive(30s), "short");
  pass(3s);
  EXPECT_EQ(queue.renew(ctx, last.message.id, last.receipt, {}).error().code(), Code::not_found);
}

TEST_P(QueueConformance, several_are_received_at_once_oldest_first) {
  for (int i = 0; i < 5; ++i) send(std::to_string(i));
  const auto received = queue.receive(ctx, {.max_count = 3});
  ASSERT_TRUE(received && received->size() == 3);
  std::set<std::string> bodies;
  for (const auto& one : *received) bodies.insert(one.message.body);
  EXPECT_EQ(bodies, (std::set<std::string>{"0", "1", "2"}));
  EXPECT_EQ(queue.receive(ctx, {.max_count = 32})->size(), 2u);
}

TEST_P(QueueConformance, peeking_takes_nothing) {
  send("hello");
  send("later", {.delay = 100s});
  for (int i = 0; i < 2; ++i) {
    const auto seen = queue.peek(ctx, 32);
    ASSERT_TRUE(seen && seen->size() == 1);
    EXPECT_EQ(seen->front().body, "hello");
    EXPECT_EQ(seen->front().dequeue_count, 0u);
  }
  EXPECT_EQ(*queue.approximate_count(ctx), 2u);
  EXPECT_EQ(receive(), "hello");
}

TEST_P(QueueConformance, clearing_leaves_nothing) {
  for (int i = 0; i < 3; ++i) send("x");
  receive();
  ASSERT_TRUE(queue.clear(ctx));
  EXPECT_EQ(*queue.approximate_count(ctx), 0u);
  EXPECT_EQ(queue.remove(ctx, last.message.id, last.receipt).error().code(), Code::not_found);
}

TEST_P(QueueConformance, bodies_read_back_to_the_last_byte) {
  for (const std::string& body : {std::string("<&>\"' \t\n]]>"), std::string("déjà 😀"),
                                  std::string(""), std::string(65'536, 'x')}) {
    send(body);
    EXPECT_EQ(receive(), body);
  }
}

TEST_P(QueueConformance, what_no_backend_could_carry_is_refused) {
  for (const std::string& body : {std::string(65'537, 'x'), std::string("a\0b", 3),
                                  std::string("\xff"), std::string("\x1b[0m")}) {
    EXPECT_EQ(queue.send(ctx, body, {}).error().code(), Code::invalid_argument);
  }
  EXPECT_EQ(queue.send(ctx, "x", {.delay = 5s, .time_to_live = 5s}).error().code(),
            Code::invalid_argument);
  EXPECT_EQ(queue.send(ctx, "x", {.time_to_live = 0s}).error().code(), Code::invalid_argument);
  EXPECT_EQ(queue.receive(ctx, {.max_count = 33}).error().code(), Code::invalid_argument);
  EXPECT_EQ(queue.receive(ctx, {.max_count = 0}).error().code(), Code::invalid_argument);
  EXPECT_EQ(queue.receive(ctx, {.visibility = 0s}).error().code(), Code::invalid_argument);
  EXPECT_EQ(*queue.approximate_count(ctx), 0u);
}

TEST_P(QueueConformance, queues_do_not_see_each_other) {
  Queue& other = **storage().queue("other-queue");
  send("here");
  EXPECT_TRUE(other.receive(ctx, {})->empty());
  EXPECT_EQ(*other.approximate_count(ctx), 0u);
  ASSERT_TRUE(other.clear(ctx));
  EXPECT_EQ(receive(), "here");
}

TEST_P(QueueConformance, many_receivers_share_the_messages) {
  constexpr int kMessages = 60;
  for (int i = 0; i < kMessages; ++i) send(std::to_string(i));
  std::mutex mutex;
  std::map<std::string, int> seen;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      while (true) {
        const auto received = queue.receive(ctx, {.max_count = 2, .visibility = 60s});
        if (!received || received->empty()) return;
        for (const auto& one : *received) {
          EXPECT_TRUE(queue.remove(ctx, one.message.id, one.receipt));
          const std::lock_guard lock(mutex);
          ++seen[one.message.body];
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(seen.size(), std::size_t(kMessages));
  for (const auto& [body, count] : seen) EXPECT_EQ(count, 1) << body;
}

TEST_P(QueueConformance, a_waiter_is_woken_by_a_message) {
  std::thread sender([&] { send("hello"); });
  const auto far = clock().now() + 1h;
  while (receive() != "hello") ASSERT_EQ(*queue.wait_for_message(ctx, far), Wakeup::message);
  sender.join();
}

TEST_P(QueueConformance, a_waiter_finds_what_is_there_already) {
  send("hello");
  EXPECT_EQ(*queue.wait_for_message(ctx, clock().now() + 1h), Wakeup::message);
}

TEST_P(QueueConformance, waiting_ends_with_the_time_or_the_context) {
  EXPECT_EQ(*queue.wait_for_message(ctx, clock().now()), Wakeup::time_up);
  std::stop_source stop;
  std::thread stopper([&] { stop.request_stop(); });
  const auto stopped = queue.wait_for_message(ctx.with_stop(stop.get_token()), clock().now() + 1h);
  stopper.join();
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code(), Code::cancelled);
}

TEST_P(QueueConformance, a_waiter_is_woken_when_a_hidden_message_comes_back) {
  send("hello");
  receive(2s);
  std::thread time([&] { pass(3s); });
  EXPECT_EQ(*queue.wait_for_message(ctx, clock().now() + 1h), Wakeup::message);
  time.join();
  EXPECT_EQ(receive(), "hello");
}

}  // namespace

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(QueueConformance);

}  // namespace cloudfolio::storage

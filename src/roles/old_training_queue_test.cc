#include "roles/old_training_queue.h"

#include <gtest/gtest.h>

#include <map>

#include "base/random.h"
#include "crypto/encoding.h"
#include "durable/queued/activity_message.h"
#include "json/json.h"
#include "storage/storage.h"

namespace cloudfolio::roles {
namespace {

// As version 0.2 wrote them: the claim check, and the form before it that carried the bundle.
constexpr const char* kLater =
    R"({"username": "Ada", "job_id": "5b0e", "bundle_cache_key": "repos_bundle_context_Ada", )"
    R"("bundle_fingerprint": "0cc175b9c0f1b6a831c399e269772661", "repo_names": ["alpha"], )"
    R"("training_params": {"batch_size": 8, "epochs": 2}, "experiment_name": "baseline"})";
constexpr const char* kEarly =
    R"({"username": "ada", "repos_bundle": [{"name": "alpha"}], "training_params": {}})";

class OldTrainingQueueTest : public testing::Test {
 protected:
  OldTrainingQueueTest() : log(*sink, clock, telemetry::Level::off) {}

  void send(const std::string& body) {
    ASSERT_TRUE((**store->queue(OldTrainingQueue::kQueue)).send(Context(), body, {}));
  }
  Status look() {
    return OldTrainingQueue({.storage = *store,
                             .log = log,
                             .published =
                                 [this](const Context&, const TenantId&) {
                                   if (meanwhile) meanwhile();
                                   return published;
                                 },
                             .start_training =
                                 [this](const Context&, const TenantId& tenant) {
                                   if (refusal) return Status(*refusal);
                                   started.push_back(tenant.str());
                                   return Status(Done{});
                                 }})
        .look(Context());
  }
  std::uint64_t left() {
    return *(**store->queue(OldTrainingQueue::kQueue)).approximate_count(Context());
  }
  std::string reason() {
    const auto notes = (**store->queue(OldTrainingQueue::kPoison)).peek(Context(), 32);
    if (!notes || notes->empty()) return "";
    const auto note = json::parse_object(notes->front().body);
    return std::string(json::find_string(*note, "reason").value_or("unreadable"));
  }

  ManualClock clock;
  std::unique_ptr<storage::Storage> store = storage::open_memory(clock);
  std::unique_ptr<telemetry::LogSink> sink = telemetry::make_stderr_sink();
  telemetry::Log log;
  Result<std::string> published = std::string("0cc175b9c0f1b6a831c399e269772661");
  std::optional<Error> refusal;
  std::function<void()> meanwhile;  // While a message is looked at.
  std::vector<std::string> started;
};

TEST_F(OldTrainingQueueTest, begins_a_training_for_every_form_and_encoding_that_was_written) {
  for (const std::string body : {kLater, kEarly}) {
    send(body);
    send(crypto::to_base64(body));
    send("\xEF\xBB\xBF" + body);
  }
  ASSERT_TRUE(look());
  EXPECT_EQ(started, std::vector<std::string>(6, "ada"));
  EXPECT_EQ(left(), 0u);
  EXPECT_EQ(reason(), "");
}

TEST_F(OldTrainingQueueTest, puts_a_claim_check_aside_whose_bundle_is_gone) {
  published = Error(Code::not_found, "nothing is published");
  send(kLater);
  ASSERT_TRUE(look());
  EXPECT_EQ(reason(), "the bundle 'repos_bundle_context_Ada' is not there any more");
  EXPECT_EQ(left(), 0u);
}

TEST_F(OldTrainingQueueTest, puts_a_claim_check_aside_whose_bundle_is_another) {
  published = std::string("other");
  send(kLater);
  ASSERT_TRUE(look());
  EXPECT_NE(reason().find("the bundle has fingerprint other"), std::string::npos) << reason();
}

TEST_F(OldTrainingQueueTest, puts_aside_what_cannot_be_read_or_names_anothers_bundle) {
  for (const char* body :
       {"", "{", "not base64 !", "[]", R"({"username":"-"})", R"({"username":"ada"})",
        R"({"username":"ada","bundle_cache_key":"repos_bundle_context_bob"})",
        R"({"username":"ada","bundle_cache_key":"gen/bob/1/repository/1"})"}) {
    EXPECT_FALSE(read_old_training_message(body)) << body;
  }
  send(R"({"username":"ada","bundle_cache_key":"repos_bundle_context_bob"})");
  ASSERT_TRUE(look());
  EXPECT_EQ(reason(), "'repos_bundle_context_bob' is no bundle of 'ada'");
  EXPECT_TRUE(started.empty());
}

// Whoever put it there died before it removed the message.
TEST_F(OldTrainingQueueTest, puts_a_message_aside_once_however_often_it_comes_back) {
  send("{");
  storage::Queue& queue = **store->queue(OldTrainingQueue::kQueue);
  storage::Queue& poison = **store->queue(OldTrainingQueue::kPoison);
  const auto message = queue.peek(Context(), 1)->front();
  ASSERT_TRUE(durable::put_aside(Context(), poison, message, "unreadable"));
  ASSERT_TRUE(look());
  EXPECT_EQ(left(), 0u);
  EXPECT_EQ(*poison.approximate_count(Context()), 1u);
}

// The old worker and ours on one queue, each taking what it can get: the old one one by one, hidden
// for ten minutes while it works; at last we are turned back by configuration, and it does the
// rest.
TEST_F(OldTrainingQueueTest, beside_the_old_worker_each_message_is_worked_on_by_exactly_one) {
  storage::Queue& queue = **store->queue(OldTrainingQueue::kQueue);
  Random random(17);
  int sent = 0;
  std::map<std::string, int> by_old;
  std::optional<storage::ReceivedMessage> held;
  const auto old_worker_moves = [&] {
    if (held) {
      ASSERT_TRUE(queue.remove(Context(), held->message.id, held->receipt));
      held.reset();
      return;
    }
    const auto received =
        queue.receive(Context(), {.max_count = 1, .visibility = std::chrono::minutes(10)});
    if (received->empty()) return;
    held = received->front();
    const auto message = read_old_training_message(held->message.body);
    ASSERT_TRUE(message.ok());
    ++by_old[message->tenant.str()];
  };
  meanwhile = [&] {
    clock.advance(std::chrono::seconds(random.below(10) == 0 ? 50 : 1));
    if (random.below(3) == 0) old_worker_moves();
  };
  for (int step = 0; step < 400; ++step) {
    clock.advance(std::chrono::seconds(random.below(20)));
    for (std::uint64_t i = step % 20 == 0 ? 12 : random.below(2); i > 0; --i, ++sent)
      send(R"({"username":"dev-)" + std::to_string(sent) + R"(","repos_bundle":[]})");
    refusal = random.below(8) == 0 ? std::optional(Error(Code::unavailable, "no orchestrator"))
                                   : std::nullopt;
    const bool ours = step < 300 && random.below(2) == 0;
    ASSERT_TRUE(!ours || look());
    if (random.below(2) == 0) old_worker_moves();
  }
  // What we had received and given back comes to the old worker within our visibility.
  clock.advance(OldTrainingQueue::kVisibility);
  for (int i = 0; i < 2 * sent && (held || left() > 0); ++i) old_worker_moves();
  EXPECT_EQ(left(), 0u);
  EXPECT_EQ(reason(), "");
  std::map<std::string, int> worked_on = by_old;
  for (const std::string& tenant : started) ++worked_on[tenant];
  EXPECT_EQ(worked_on.size(), static_cast<std::size_t>(sent));
  for (const auto& [tenant, times] : worked_on) EXPECT_EQ(times, 1) << tenant;
  EXPECT_GT(by_old.size(), 50u);
  EXPECT_GT(started.size(), 50u);
}

TEST_F(OldTrainingQueueTest, tries_five_times_while_the_store_or_the_orchestrator_is_away) {
  refusal = Error(Code::unavailable, "no orchestrator");
  send(kLater);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(reason(), "") << "after " << i;
    ASSERT_TRUE(look());
    clock.advance(OldTrainingQueue::kVisibility + std::chrono::seconds(1));
  }
  EXPECT_EQ(reason(), "no orchestrator");
  EXPECT_EQ(left(), 0u);
}

}  // namespace
}  // namespace cloudfolio::roles

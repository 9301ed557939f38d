// Every n-th request to the tables and queues is met by every kind of fault; what was counted is
// counted once, and what was sent arrives.

#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "storage/azure/azure.h"
#include "storage/azure/testing/azurite.h"
#include "storage/azure/testing/fault_proxy.h"

namespace cloudfolio::storage::azure {
namespace {

using namespace std::chrono_literals;
using Kind = Fault::Kind;

constexpr int kOperations = 6;
constexpr int kAttemptsMax = 200;

class AzureSweep : public testing::Test {
 protected:
  void SetUp() override {
    auto started = Azurite::shared();
    if (!started) GTEST_SKIP() << started.error().message();
    azurite = *started;
    proxy = std::make_unique<FaultProxy>(azurite->next_account(),
                                         [](const http::Request&, int) { return Fault{}; });
    Options options;
    options.account = proxy->account();
    options.retries.pause_first = 1ms;
    options.retries.pause_max = 4ms;
    storage = *azure::open(std::move(options), azurite->clock());
    table = *storage->table("usage");
    queue = *storage->queue("jobs");
  }
  void TearDown() override {
    if (proxy) proxy->release();
  }

  static std::vector<std::pair<std::string, Fault>> faults() {
    return {{"500", {.kind = Kind::answer, .status = 500, .code = "InternalError"}},
            {"503", {.kind = Kind::answer, .status = 503, .code = "ServerBusy"}},
            {"409", {.kind = Kind::answer, .status = 409, .code = "OperationConflict"}},
            {"412", {.kind = Kind::answer, .status = 412, .code = "ConditionNotMet"}},
            {"broken before", {.kind = Kind::no_answer}},
            {"broken after", {.kind = Kind::lost_answer}},
            {"500 though done",
             {.kind = Kind::wrong_answer, .status = 500, .code = "OperationTimedOut"}}};
  }
  // Every n-th request, of whichever service; of writes alone where reads have no such answer.
  void meet_every(int n, const Fault& fault) {
    auto count = std::make_shared<std::atomic<int>>(0);
    const bool writes_only = fault.status == 409 || fault.status == 412;
    proxy->set_plan([=](const http::Request& request, int) {
      if (writes_only && request.method == http::Method::get) return Fault{};
      return ++*count % n == 0 ? fault : Fault{};
    });
  }
  void all_pass() {
    proxy->set_plan([](const http::Request&, int) { return Fault{}; });
  }

  // Counts the event once: its row and the sum in one batch, tried until it is known to be there.
  bool count(const std::string& partition, const std::string& event) {
    for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
      const auto row = table->get(ctx, {partition, event});
      if (row) return true;
      if (row.error().code() != Code::not_found) continue;
      const auto sum = table->get(ctx, {partition, "sum"});
      if (!sum && sum.error().code() != Code::not_found) continue;
      const std::int64_t next = sum ? std::get<std::int64_t>(sum->values.at("N")) + 1 : 1;
      const Entity changed{{partition, "sum"}, {{"N", next}}};
      std::vector<TableAction> actions{InsertAction{{{partition, event}, {}}}};
      if (sum)
        actions.push_back(UpdateAction{changed, Write::replace, Matches{sum->etag}});
      else
        actions.push_back(InsertAction{changed});
      const auto outcome = table->batch(ctx, actions);
      if (outcome && std::holds_alternative<std::vector<ETag>>(*outcome)) return true;
    }
    return false;
  }

  const Context ctx;
  Azurite* azurite = nullptr;
  std::unique_ptr<FaultProxy> proxy;
  std::unique_ptr<Storage> storage;
  Table* table = nullptr;
  Queue* queue = nullptr;
};

TEST_F(AzureSweep, an_event_counts_once_whichever_table_call_fails_and_however) {
  for (const auto& [name, fault] : faults())
    for (int n = 2; n <= 4; ++n) {
      SCOPED_TRACE(name + ", every " + std::to_string(n));
      const std::string partition = name + " " + std::to_string(n);
      meet_every(n, fault);
      for (int i = 0; i < kOperations; ++i) EXPECT_TRUE(count(partition, "e" + std::to_string(i)));
      all_pass();
      TableQuery query;
      query.partition = partition;
      const auto page = table->query(ctx, query);
      ASSERT_TRUE(page.ok()) << page.error().message();
      EXPECT_EQ(page->entities.size(), std::size_t(kOperations + 1));
      const auto sum = table->get(ctx, {partition, "sum"});
      EXPECT_EQ(std::get<std::int64_t>(sum->values.at("N")), kOperations);
    }
}

TEST_F(AzureSweep, every_message_arrives_and_goes_whichever_queue_call_fails_and_however) {
  for (const auto& [name, fault] : faults())
    for (int n = 2; n <= 3; ++n) {
      SCOPED_TRACE(name + ", every " + std::to_string(n));
      ASSERT_TRUE(queue->clear(ctx));
      meet_every(n, fault);
      std::set<std::string> sent, arrived;
      for (int i = 0; i < kOperations; ++i) {
        const std::string body = "job " + std::to_string(i);
        for (int attempt = 0; attempt < kAttemptsMax && !sent.contains(body); ++attempt)
          if (queue->send(ctx, body, {})) sent.insert(body);
      }
      // What an answer that was lost had received comes back after its visibility; with all calls
      // passing again, nothing may be missing.
      std::vector<ReceivedMessage> got;
      for (int attempt = 0; attempt < kOperations; ++attempt)
        if (auto received = queue->receive(ctx, {.max_count = 32, .visibility = 1s}))
          for (auto& one : *received) got.push_back(std::move(one));
      for (const ReceivedMessage& one : got) {
        arrived.insert(one.message.body);
        const Status removed = queue->remove(ctx, one.message.id, one.receipt);
        EXPECT_TRUE(removed || removed.error().code() != Code::internal);
      }
      all_pass();
      for (int round = 0; round < 50 && *queue->approximate_count(ctx) > 0; ++round) {
        (void)queue->wait_for_message(ctx, azurite->clock().now() + 100ms);
        if (auto received = queue->receive(ctx, {.max_count = 32, .visibility = 1s}))
          for (const auto& one : *received) {
            arrived.insert(one.message.body);
            EXPECT_TRUE(queue->remove(ctx, one.message.id, one.receipt));
          }
      }
      EXPECT_EQ(sent.size(), std::size_t(kOperations));
      EXPECT_EQ(arrived, sent);
      EXPECT_EQ(*queue->approximate_count(ctx), 0u);
    }
}

}  // namespace
}  // namespace cloudfolio::storage::azure

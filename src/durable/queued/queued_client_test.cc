// A client of another process: every verb through the store.

#include "durable/queued/queued_client.h"

#include <gtest/gtest.h>

#include <thread>

#include "durable/embedded/testing/scheduler_fixture.h"
#include "durable/queued/client_server.h"

namespace cloudfolio::durable {
namespace {

using namespace std::chrono_literals;

class QueuedClientTest : public testing::SchedulerTest {
 protected:
  QueuedClientTest() {
    registry.orchestration("waits",
                           [](OrchestrationContext& context, std::string input) -> Orchestration<> {
                             CF_CO_TRY(const auto word, co_await context.external_event("word"));
                             co_return input + " " + word;
                           });
    registry.orchestration("fails",
                           [](OrchestrationContext& context, std::string) -> Orchestration<> {
                             CF_CO_CHECK(co_await context.timer(std::chrono::milliseconds(0)));
                             co_return Error(Code::quota_exceeded, "enough");
                           });
  }

  void open_both() {
    open();
    client = *QueuedClient::open({.storage = *storage, .clock = clock, .random = random}, 1h);
    server = *ClientServer::open(
        {.client = *scheduler, .storage = *storage, .clock = clock, .log = log});
  }
  void TearDown() override { server.reset(); }

  StartOptions waiting(const std::string& id) const {
    StartOptions wanted;
    wanted.name = "waits";
    wanted.instance = InstanceId(id);
    wanted.input = "said";
    wanted.tags = {{"colour", "grün"}};
    return wanted;
  }
  std::size_t replies_count() {
    return (*storage->blobs(kReplyContainer))->list(ctx, {})->entries.size();
  }

  SharedRandom random{Random(11)};
  std::unique_ptr<storage::Storage> storage = storage::open_memory(clock);
  std::unique_ptr<QueuedClient> client;
  std::unique_ptr<ClientServer> server;
};

TEST_F(QueuedClientTest, starts_tells_and_waits) {
  open_both();
  ctx = ctx.for_tenant(TenantId("octocat"));
  EXPECT_EQ(client->start(ctx, waiting("one"))->str(), "one");
  const auto again = client->start(ctx, waiting("one"));
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code(), Code::conflict);
  ASSERT_TRUE(client->raise_event(ctx, InstanceId("one"), "word", "hello").ok());
  const auto ended = client->wait(ctx, InstanceId("one"), Until::finished);
  ASSERT_TRUE(ended.ok()) << ended.error().message();
  EXPECT_EQ(ended->output, "said hello");
  EXPECT_EQ(ended->tags.at("tenant"), "octocat");
  EXPECT_EQ(ended->tags.at("colour"), "grün");
  EXPECT_EQ(replies_count(), 0u);
}

TEST_F(QueuedClientTest, sees_what_the_scheduler_sees) {
  open_both();
  ASSERT_TRUE(client->start(ctx, waiting("one")).ok());
  wait_until_started("one");
  StartOptions failing;
  failing.name = "fails";
  failing.instance = InstanceId("two");
  ASSERT_TRUE(client->start(ctx, failing).ok());
  const auto failed = client->wait(ctx, InstanceId("two"), Until::finished);
  ASSERT_TRUE(failed.ok());
  EXPECT_EQ(text(failed), "Failed: quota_exceeded: enough");
  const auto here = scheduler->get(ctx, InstanceId("one"));
  const auto there = client->get(ctx, InstanceId("one"), Include::payloads);
  EXPECT_EQ((*there)->execution_id, (*here)->execution_id);
  EXPECT_EQ((*there)->created, (*here)->created);
  EXPECT_EQ((*there)->input, "said");
  EXPECT_EQ(*client->history(ctx, InstanceId("one")), *scheduler->history(ctx, InstanceId("one")));
  QueryFilter filter;
  filter.statuses = {OrchestrationStatus::failed};
  const auto page = client->query(ctx, filter, 10, "");
  ASSERT_EQ(page->instances.size(), 1u);
  EXPECT_EQ(page->instances[0].instance.str(), "two");
  EXPECT_FALSE((*client->get(ctx, InstanceId("none"), Include::summary)).has_value());
  EXPECT_EQ(client->history(ctx, InstanceId("none")).error().code(), Code::not_found);
}

TEST_F(QueuedClientTest, suspends_resumes_terminates_and_purges) {
  open_both();
  ASSERT_TRUE(client->start(ctx, waiting("one")).ok());
  wait_until_started("one");
  ASSERT_TRUE(client->suspend(ctx, InstanceId("one"), "lunch").ok());
  EXPECT_EQ(state("one"), "Suspended");
  ASSERT_TRUE(client->resume(ctx, InstanceId("one"), "back").ok());
  EXPECT_EQ(client->purge(ctx, InstanceId("one")).error().code(), Code::conflict);
  ASSERT_TRUE(client->terminate(ctx, InstanceId("one"), "home", Recurse::with_children).ok());
  EXPECT_EQ(outcome("one"), "Terminated: home");
  EXPECT_TRUE(*client->purge(ctx, InstanceId("one")));
  EXPECT_FALSE(*client->purge(ctx, InstanceId("one")));
  EXPECT_EQ(*client->purge_finished(ctx, clock.wall_time() + 1h, 10), 0u);
}

TEST_F(QueuedClientTest, without_an_orchestrator_says_so_and_the_request_waits_for_one) {
  open();
  client = *QueuedClient::open({.storage = *storage, .clock = clock, .random = random}, 0ms);
  const auto started = client->start(ctx, waiting("one"));
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code(), Code::deadline_exceeded);
  EXPECT_NE(started.error().message().find("no orchestrator answers"), std::string::npos);
  server =
      *ClientServer::open({.client = *scheduler, .storage = *storage, .clock = clock, .log = log});
  while (state("one") == "none") std::this_thread::yield();
}

TEST_F(QueuedClientTest, replies_that_nobody_fetched_are_swept) {
  open();
  client = *QueuedClient::open({.storage = *storage, .clock = clock, .random = random}, 0ms);
  ASSERT_FALSE(client->start(ctx, waiting("one")).ok());
  server =
      *ClientServer::open({.client = *scheduler, .storage = *storage, .clock = clock, .log = log});
  while (replies_count() == 0) std::this_thread::yield();
  ASSERT_TRUE(server->sweep(ctx, "").ok());
  EXPECT_EQ(replies_count(), 1u);
  clock.advance(2h);
  ASSERT_TRUE(server->sweep(ctx, "").ok());
  EXPECT_EQ(replies_count(), 0u);
}

}  // namespace
}  // namespace cloudfolio::durable

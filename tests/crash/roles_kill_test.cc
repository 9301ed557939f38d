// kill -9 of gateway, orchestrator, sync and trainers at random moments of refreshes with training:
// every refresh and every training ends, nothing is left over, nothing is done twice. Over the
// embedded store, and over a storage account (the emulator; it is not killed).
//
// CLOUDFOLIO_TEST_KILLS: how many kills; a fifth as many refreshes.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <thread>

#include "base/random.h"
#include "fleet.h"
#include "shallow_model.h"
#include "storage/azure/azure.h"
#include "storage/azure/testing/azurite.h"
#include "storage/embedded/embedded.h"

namespace cloudfolio::system_test {
namespace {

using std::chrono::milliseconds;

namespace azure = storage::azure;

constexpr int kKillsARefresh = 5;
constexpr std::chrono::seconds kLongest{300};
constexpr std::chrono::seconds kShownWithin{5};

std::uint64_t test_seed() {
  if (const char* text = std::getenv("CLOUDFOLIO_TEST_SEED"))
    return std::strtoull(text, nullptr, 10);
  return Random::from_system().next();
}

// Of which 20 kills are seconds of a machine that tests share.
int kills_wanted() {
  if (const char* text = std::getenv("CLOUDFOLIO_TEST_KILLS"))
    return std::max(kKillsARefresh, std::atoi(text));
  return kSanitized ? 10 : 20;
}

std::string connection_string(const azure::Account& account) {
  return "DefaultEndpointsProtocol=http;AccountName=" + account.name +
         ";AccountKey=" + std::get<azure::SharedKey>(account.credential).key.reveal() +
         ";BlobEndpoint=" + account.blob_url + ";QueueEndpoint=" + account.queue_url +
         ";TableEndpoint=" + account.table_url + ";";
}

class RolesKill : public testing::Test {
 protected:
  // Calls until there is an answer: the gateway is one of those that are killed.
  Answer insist(http::Method method, const std::string& path, const std::string& body = {}) {
    for (const auto end = clock.now() + kLongest; clock.now() < end;) {
      try {
        const Answer answer = call(method, url + path, body);
        if (answer.status < 500) return answer;
      } catch (const std::exception&) {  // Nobody listens just now.
      }
      std::this_thread::yield();
    }
    throw std::runtime_error("no answer from " + path);
  }

  json::Value ended(const std::string& instance) {
    for (const auto end = clock.now() + kLongest; clock.now() < end;) {
      const Answer state =
          insist(http::Method::get, "/runtime/webhooks/durabletask/instances/" + instance +
                                        "?showHistory=true&showOutput=report");
      const auto status = json::find_string(state.body, "runtimeStatus").value_or("");
      if (status == "Completed" || status == "Failed" || status == "Terminated") return state.body;
    }
    throw std::runtime_error(instance + " did not end");
  }

  void expect_each_task_ended_once(const json::Value& state) {
    std::map<std::int64_t, int> ends;
    for (const json::Value& event : array(state, "historyEvents")) {
      const std::string type = text(event, "EventType");
      if (type == "TaskScheduled") ends.emplace(integer(event, "EventId"), 0);
      if (type == "TaskCompleted" || type == "TaskFailed")
        ++ends[integer(event, "TaskScheduledId")];
    }
    EXPECT_FALSE(ends.empty());
    for (const auto& [task, count] : ends) EXPECT_EQ(count, 1) << "task " << task;
  }

  // One role after the other, each started again at once, until it was so many times.
  static void kill_at_random(Fleet& fleet, std::uint64_t seed, std::atomic<int>& kills) {
    const int wanted = kills_wanted();
    Random random(seed);
    const std::vector<std::pair<std::string, std::string>> names = {
        {"gateway", "gateway"},
        {"orchestrator", "orchestrator"},
        {"sync", "sync"},
        {"trainer", "trainer"},
        {"trainer", "second trainer"}};
    for (; kills < wanted; ++kills) {
      // The moment is chance; nothing waits for something to happen in this time.
      std::this_thread::sleep_for(milliseconds(random.below(600)));
      const auto& [role, name] = names[random.below(names.size())];
      fleet.kill(name);
      fleet.start(role, name);
    }
  }

  void push_and_refresh(Simulator& github, int edition) {
    const std::string said = "edition " + std::to_string(edition);
    github.control("/_sim/push", {{"owner", kSampleLogin},
                                  {"repo", "greenhouse-node"},
                                  {"files",
                                   {{"README.md",
                                     "# greenhouse-node\n\nSensors and valves of a greenhouse, "
                                     "read every minute, " +
                                         said + ".\n"}}}});
    const std::string path = std::string("/v1/portfolios/") + kSampleLogin + "/refresh";
    ASSERT_EQ(insist(http::Method::post, path, "{\"force\":true}").status, 202);
    const json::Value state = ended(std::string("refresh:") + kSampleLogin);
    ASSERT_EQ(text(state, "runtimeStatus"), "Completed") << json::write(state);
    expect_each_task_ended_once(state);
    // A gateway may answer from memory for a second after another process published.
    const std::string bundle = std::string("/api/bundles/") + kSampleLogin;
    const auto shown = [&] {
      return insist(http::Method::get, bundle).text.find(said) != std::string::npos;
    };
    bool seen = shown();
    for (const auto end = clock.now() + kShownWithin; !seen && clock.now() < end;) seen = shown();
    EXPECT_TRUE(seen) << said << " is not in the bundle";
  }

  // How many there were.
  std::size_t expect_every_training_done_once() {
    const Answer listed = insist(http::Method::get,
                                 "/runtime/webhooks/durabletask/instances?instanceIdPrefix=train:");
    const json::Array& instances = listed.body.as_array();
    EXPECT_FALSE(instances.empty());
    for (const json::Value& instance : instances) {
      const json::Value state = ended(text(instance, "instanceId"));
      EXPECT_EQ(text(state, "runtimeStatus"), "Completed") << json::write(state);
      expect_each_task_ended_once(state);
    }
    return instances.size();
  }

  // What was asked twice is dropped by whoever finds it done.
  void expect_nothing_left(storage::Storage& store) {
    const auto count = [&](const char* queue) {
      return *(**store.queue(queue)).approximate_count(Context());
    };
    for (const char* queue :
         {"sync-queue", "model-training-queue", "activity-results", "model-training-events"}) {
      for (const auto end = clock.now() + kLongest; count(queue) > 0 && clock.now() < end;)
        std::this_thread::yield();
      EXPECT_EQ(count(queue), 0u) << queue;
    }
    EXPECT_EQ(count("sync-queue-poison"), 0u);
    EXPECT_EQ(count("model-training-queue-poison"), 0u);
  }

  // `open_store`: the installation's, seen from here.
  using OpenStore = std::function<Result<std::unique_ptr<storage::Storage>>(Installation&)>;
  void run(const std::map<std::string, std::string>& environment, const OpenStore& open_store);

  const SystemClock clock;
  std::string url;
};

void RolesKill::run(const std::map<std::string, std::string>& environment,
                    const OpenStore& open_store) {
  const std::uint64_t seed = test_seed();
  SCOPED_TRACE("CLOUDFOLIO_TEST_SEED=" + std::to_string(seed));
  std::printf("CLOUDFOLIO_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  Simulator github(sample_portfolio(), {"--latency-ms", "20"});
  Installation installation(github.url());
  for (const auto& [name, value] : environment) installation.environment[name] = value;
  installation.environment["CLOUDFOLIO_BASE_MODEL"] = shallow_model();
  installation.environment["CLOUDFOLIO_DURABLE_CLAIM_SECONDS"] = "2";
  installation.environment["CLOUDFOLIO_TRAINING_MAX_STEPS"] = "1";
  Fleet fleet(installation, github.url());
  fleet.start("trainer", "second trainer");
  url = fleet.url();

  std::atomic<int> kills{0};
  std::jthread killer([&] { kill_at_random(fleet, seed, kills); });
  const int refreshes_count = kills_wanted() / kKillsARefresh;
  for (int refresh = 0; refresh < refreshes_count; ++refresh) {
    SCOPED_TRACE("refresh " + std::to_string(refresh));
    push_and_refresh(github, refresh);
  }
  killer.join();

  // The last content's index and training end as well; earlier ones may have been overtaken.
  EXPECT_EQ(text(ended(std::string("index:") + kSampleLogin), "runtimeStatus"), "Completed");
  const std::size_t trainings_count = expect_every_training_done_once();
  const auto store = open_store(installation);
  ASSERT_TRUE(store.ok()) << store.error().message();
  expect_nothing_left(**store);
  std::printf("%d kills, %d refreshes, %zu trainings\n", kills.load(), refreshes_count,
              trainings_count);
}

TEST_F(RolesKill, at_random_moments_leaves_every_refresh_and_training_done_once) {
  if (!base_model_present()) GTEST_SKIP() << "the base model's weights are missing: ./dev setup";
  run({}, [this](Installation& installation) {
    storage::embedded::Options options;
    options.directory = installation.data();
    return storage::embedded::open(options, clock);
  });
}

TEST_F(RolesKill, over_a_storage_account_does_the_same) {
  if (!base_model_present()) GTEST_SKIP() << "the base model's weights are missing: ./dev setup";
  if (kSanitized) GTEST_SKIP() << "too slow under a sanitizer";
  const auto emulator = azure::Azurite::shared();
  if (!emulator) GTEST_SKIP() << emulator.error().message();
  const azure::Account account = (*emulator)->next_account();
  run({{"CLOUDFOLIO_STORAGE_BACKEND", "azure"},
       {"AzureWebJobsStorage", connection_string(account)}},
      [&](Installation&) { return azure::open({.account = account}, (*emulator)->clock()); });
}

}  // namespace
}  // namespace cloudfolio::system_test

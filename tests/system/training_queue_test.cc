// What arrives on model-training-queue and cannot be worked on: put aside with its reason, told to
// operators and to the orchestration that waits, and nothing else is lost.

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "base/clock.h"
#include "crypto/encoding.h"
#include "fleet.h"
#include "storage/embedded/embedded.h"

namespace cloudfolio::system_test {
namespace {

constexpr std::chrono::seconds kLongest{60};
constexpr const char* kQueue = "model-training-queue";
constexpr const char* kPoison = "model-training-queue-poison";

class TrainingQueue : public testing::Test {
 protected:
  TrainingQueue() : github(sample_portfolio()), installation(github.url()) {
    installation.environment["CLOUDFOLIO_TRAINING_ENABLED"] = "false";
    installation.environment["CLOUDFOLIO_BASE_MODEL"] = "/nonexistent";
    installation.environment["CLOUDFOLIO_DURABLE_CLAIM_SECONDS"] = "2";
  }

  void open_store() {
    storage::embedded::Options options;
    options.directory = installation.data();
    auto opened = storage::embedded::open(options, clock);
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    store = *std::move(opened);
  }
  storage::Queue& queue(const char* name) { return **store->queue(name); }
  void send(const std::string& body) {
    ASSERT_TRUE(queue(kQueue).send(Context(), body, {.time_to_live = {}}).ok());
  }
  bool comes_true(const std::function<bool()>& what) {
    for (const auto end = clock.now() + kLongest; clock.now() < end;
         std::this_thread::sleep_for(std::chrono::milliseconds(10))) {
      if (what()) return true;
    }
    return what();
  }
  // Reasons of what is aside, as operators see them; of one training, or of all.
  std::multiset<std::string> reasons(const std::string& instance = "") {
    std::multiset<std::string> found;
    const json::Value listed = installation.ask({"training", "ls"});
    for (const json::Value& one : array(listed, "poisoned")) {
      const auto whose = json::find_string(one, "instance").value_or("");
      if (instance.empty() || whose == instance) found.insert(text(one, "reason"));
    }
    return found;
  }

  const SystemClock clock;
  Simulator github;
  Installation installation;
  std::unique_ptr<storage::Storage> store;
};

TEST_F(TrainingQueue, puts_aside_with_its_reason_what_nobody_can_work_on) {
  Fleet fleet(installation, github.url());
  open_store();
  EXPECT_EQ(fleet.terminate("trainer"), 0);
  installation.ask({"sync", kSampleLogin});
  const Answer started =
      call(http::Method::post, fleet.url() + "/v1/portfolios/" + kSampleLogin + "/train", "{}");
  ASSERT_EQ(started.status, 202) << started.text;
  const std::string instance = text(started.body, "id");
  ASSERT_TRUE(comes_true([&] { return !queue(kQueue).peek(Context(), 1)->empty(); }));
  const std::string asked = queue(kQueue).peek(Context(), 1)->front().body;
  EXPECT_LT(asked.size(), 2 * kKiB) << "a claim check, not the bundle";

  send("hello");
  send(R"({"v":7,"model":"newer"})");
  send(R"({"v":1,"activity":")" + std::string(50 * kKiB, 'x') + "\"}");
  send(crypto::to_base64(asked));  // Replayed.
  const storage::BlobKey bundle(std::string("repos_bundle_context_") + kSampleLogin);
  ASSERT_TRUE((**store->blobs("github-cache")).remove(Context(), bundle, {}).ok());

  fleet.start("trainer");
  EXPECT_TRUE(comes_true([&] { return *queue(kQueue).approximate_count(Context()) == 0; }));
  EXPECT_EQ(*queue(kPoison).approximate_count(Context()), 4u);
  const auto all = reasons();
  EXPECT_EQ(all.size(), 4u);
  EXPECT_TRUE(all.contains("the message is neither JSON nor base64"));
  EXPECT_TRUE(all.contains("the message has version 7 and this program reads 1"));
  EXPECT_TRUE(all.contains("the message has 51221 bytes and the limit is 49152"));
  const auto own = reasons(instance);
  ASSERT_EQ(own.size(), 1u);

  ASSERT_TRUE(comes_true([&] {
    return text(installation.ask({"training", "show", instance}), "status") == "Failed";
  }));
  const json::Value shown = installation.ask({"training", "show", instance});
  EXPECT_EQ(text(shown, "error.code"), "not_found");
  EXPECT_EQ(text(shown, "error.message"), *own.begin());

  // The portfolio comes back, and with it the training.
  EXPECT_EQ(fleet.terminate("trainer"), 0);
  installation.ask({"sync", kSampleLogin, "--force"});
  EXPECT_EQ(installation.run({"training", "retry", instance}).exit_code, 0);
  EXPECT_TRUE(reasons(instance).empty());
  EXPECT_TRUE(comes_true([&] { return *queue(kQueue).approximate_count(Context()) == 1; }));
}

}  // namespace
}  // namespace cloudfolio::system_test

// kill -9 of the whole server at random moments of a refresh: it finishes once, as if nothing
// happened.

#include <gtest/gtest.h>
#include <signal.h>

#include <condition_variable>
#include <cstdlib>
#include <map>
#include <mutex>

#include "base/random.h"
#include "world.h"

namespace cloudfolio::system_test {
namespace {

using std::chrono::milliseconds;

constexpr int kKills = kSanitized ? 5 : 50;
constexpr milliseconds kLongestRefresh{20'000};

// The moment of the kill is chance; nothing waits for something to happen in this time.
void let_time_pass(milliseconds time) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable never;
  never.wait_for(lock, time, [] { return false; });
}

std::uint64_t test_seed() {
  if (const char* text = std::getenv("CLOUDFOLIO_TEST_SEED"))
    return std::strtoull(text, nullptr, 10);
  return Random::from_system().next();
}

class ServeKill : public testing::Test {
 protected:
  static constexpr const char* kInstance = "refresh:sample-dev";

  void prepare(Installation& installation) {
    // Words only: the refresh is what is killed here.
    installation.environment["CLOUDFOLIO_TRAINING_ENABLED"] = "false";
    installation.environment["CLOUDFOLIO_BASE_MODEL"] = "/nonexistent";
  }

  // True if the server acknowledged the start.
  bool start_refresh(Installation& installation) {
    return call(http::Method::post,
                installation.url() + "/v1/portfolios/" + kSampleLogin + "/refresh", "{}")
               .status == 202;
  }

  json::Value job(Installation& installation) {
    return call(http::Method::get, installation.url() + "/runtime/webhooks/durabletask/instances/" +
                                       kInstance + "?showOutput=report&showHistory=true")
        .body;
  }

  // The job once it has ended; throws when that takes too long.
  json::Value finished_job(Installation& installation) {
    const SystemClock clock;
    for (const auto end = clock.now() + kLongestRefresh; clock.now() < end;) {
      json::Value state = job(installation);
      const std::string status = state.is_object() && state.get_object().contains("runtimeStatus")
                                     ? text(state, "runtimeStatus")
                                     : "";
      if (status != "Running" && status != "Pending" && !status.empty()) return state;
      let_time_pass(milliseconds(10));
    }
    throw std::runtime_error("the refresh did not end: " + json::write(job(installation)) +
                             installation.log());
  }

  std::string data(Installation& installation) {
    return canonical_data(
        call(http::Method::get, installation.url() + "/api/bundles/" + kSampleLogin).body);
  }

  // Every scheduled task ended exactly once.
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
};

TEST_F(ServeKill, a_killed_refresh_ends_completed_with_the_same_data_and_each_task_once) {
  const std::uint64_t seed = test_seed();
  SCOPED_TRACE("CLOUDFOLIO_TEST_SEED=" + std::to_string(seed));
  std::printf("CLOUDFOLIO_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  Random random(seed);
  Simulator github(sample_portfolio(), {"--latency-ms", "40"});

  Installation undisturbed(github.url());
  prepare(undisturbed);
  undisturbed.serve();
  const SystemClock clock;
  const auto began = clock.now();
  ASSERT_TRUE(start_refresh(undisturbed));
  ASSERT_EQ(text(finished_job(undisturbed), "runtimeStatus"), "Completed");
  const auto usual = std::chrono::duration_cast<milliseconds>(clock.now() - began);
  const std::string expected = data(undisturbed);
  ASSERT_FALSE(expected.empty());

  for (int kill = 0; kill < kKills; ++kill) {
    SCOPED_TRACE("kill " + std::to_string(kill));
    Installation installation(github.url());
    prepare(installation);
    installation.serve();
    ASSERT_TRUE(start_refresh(installation));
    let_time_pass(milliseconds(random.below(static_cast<std::uint64_t>(usual.count()) + 20)));
    installation.server().signal(SIGKILL);
    installation.server().wait();

    installation.serve();
    const json::Value ended = finished_job(installation);
    ASSERT_EQ(text(ended, "runtimeStatus"), "Completed") << json::write(ended);
    EXPECT_EQ(data(installation), expected);
    expect_each_task_ended_once(ended);
  }
}

}  // namespace
}  // namespace cloudfolio::system_test

// `serve` on one machine: a worker process for each training, and none without.

#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <fcntl.h>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/clock.h"
#include "shallow_model.h"
#include "world.h"

namespace cloudfolio::system_test {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kLongest{120};
// A second on a machine that is not shared with other tests.
constexpr seconds kGoneWithin{5};
constexpr seconds kCancelledWithin{7};  // A step and 5 s.

class Capacity : public testing::Test {
 protected:
  Capacity() : github(sample_portfolio()), installation(github.url()) {
    installation.environment["CLOUDFOLIO_DURABLE_CLAIM_SECONDS"] = "2";
    installation.environment["CLOUDFOLIO_TRAINING_MAX_STEPS"] = "2";
    if (base_model_present()) installation.environment["CLOUDFOLIO_BASE_MODEL"] = shallow_model();
  }

  fs::path folder() const { return installation.data() / "workers" / "model-training-queue"; }

  // Process ids of the workers that run: a worker keeps a lock on its file.
  std::vector<pid_t> workers() const {
    std::vector<pid_t> pids;
    std::error_code failed;
    for (fs::directory_iterator it(folder(), failed), end; !failed && it != end; ++it) {
      if (it->path().extension() != ".worker") continue;
      const int file = open(it->path().c_str(), O_RDONLY | O_CLOEXEC);
      if (file < 0) continue;
      if (flock(file, LOCK_SH | LOCK_NB) != 0) {
        pid_t pid = 0;
        std::ifstream(it->path()) >> pid;
        if (pid > 0) pids.push_back(pid);
      }
      close(file);
    }
    return pids;
  }

  std::string worker_logs() const {
    std::stringstream text;
    for (const auto& entry : fs::directory_iterator(folder()))
      if (entry.path().extension() == ".log") text << std::ifstream(entry.path()).rdbuf();
    return text.str();
  }

  bool comes_true(const std::function<bool()>& what, Clock::Instant::duration longest) {
    for (const auto end = clock.now() + longest; clock.now() < end;
         std::this_thread::sleep_for(milliseconds(10))) {
      if (what()) return true;
    }
    return what();
  }

  std::string start_training() {
    const Answer started = call(
        http::Method::post, installation.url() + "/v1/portfolios/" + kSampleLogin + "/train", "{}");
    EXPECT_EQ(started.status, 202) << started.text;
    return text(started.body, "id");
  }

  json::Value state_of(const std::string& instance) {
    return call(http::Method::get,
                installation.url() + "/runtime/webhooks/durabletask/instances/" + instance)
        .body;
  }

  const SystemClock clock;
  Simulator github;
  Installation installation;
};

TEST_F(Capacity, brings_a_worker_process_for_a_training_that_goes_with_it) {
  if (!base_model_present()) GTEST_SKIP() << "the base model's weights are missing: ./dev setup";
  installation.environment["CLOUDFOLIO_TRAINING_ENABLED"] = "false";
  installation.serve();
  installation.ask({"sync", kSampleLogin});
  EXPECT_FALSE(fs::exists(folder()) && !fs::is_empty(folder())) << "a worker without work";
  const json::Value trained = installation.ask({"train", kSampleLogin});
  EXPECT_EQ(integer(trained, "steps"), 2);
  EXPECT_TRUE(comes_true([&] { return workers().empty(); }, kGoneWithin));
  EXPECT_NE(worker_logs().find("training.started"), std::string::npos);
  EXPECT_EQ(installation.log().find("training.started"), std::string::npos);
  const Answer health = call(http::Method::get, installation.url() + "/api/health");
  EXPECT_EQ(text(health.body, "status"), "ok") << health.text;
  EXPECT_EQ(text(health.body, "capacity"), "process");
}

TEST_F(Capacity, leaves_a_worker_alone_over_a_restart_and_replaces_one_that_was_killed) {
  if (!base_model_present()) GTEST_SKIP() << "the base model's weights are missing: ./dev setup";
  installation.environment["CLOUDFOLIO_TRAINING_ENABLED"] = "false";
  installation.environment["CLOUDFOLIO_TRAINING_MAX_STEPS"] = "4";
  installation.serve();
  installation.ask({"sync", kSampleLogin});
  const std::string instance = start_training();
  ASSERT_TRUE(comes_true([&] { return !workers().empty(); }, kLongest));
  const pid_t worker = workers().front();
  installation.server().signal(SIGKILL);
  installation.server().wait();
  installation.serve();
  (void)call(http::Method::get, installation.url() + "/api/health");
  EXPECT_EQ(workers(), std::vector<pid_t>{worker});
  kill(-worker, SIGKILL);
  ASSERT_TRUE(comes_true([&] { return text(state_of(instance), "runtimeStatus") == "Completed"; },
                         kLongest))
      << installation.log();
  EXPECT_EQ(integer(state_of(instance), "output.steps"), 4);
  const json::Value shown = installation.ask({"training", "show", instance});
  EXPECT_EQ(text(shown, "status"), "Completed");
  EXPECT_NE(installation.run({"training", "logs", instance}).output.find("training.started"),
            std::string::npos);
  EXPECT_TRUE(comes_true([&] { return workers().empty(); }, kGoneWithin));
  std::size_t logs = 0;
  for (const auto& entry : fs::directory_iterator(folder()))
    logs += entry.path().extension() == ".log";
  // One that was killed and one that took its place; a third came for nothing where the work's end
  // was told after its worker had gone.
  EXPECT_GE(logs, 2u);
  EXPECT_LE(logs, 3u);
}

TEST_F(Capacity, a_training_is_listed_cancelled_within_a_step_and_begun_again) {
  if (!base_model_present()) GTEST_SKIP() << "the base model's weights are missing: ./dev setup";
  installation.environment["CLOUDFOLIO_TRAINING_ENABLED"] = "false";
  installation.environment["CLOUDFOLIO_TRAINING_MAX_STEPS"] = "0";
  installation.serve();
  installation.ask({"sync", kSampleLogin});
  const std::string instance = start_training();
  const auto listed = [&] { return installation.ask({"training", "ls", kSampleLogin}); };
  const auto has_loss = [&] {
    const json::Value answer = listed();
    return json::find_path(answer, "trainings.0.loss") != nullptr;
  };
  ASSERT_TRUE(comes_true(has_loss, kLongest)) << json::write(listed());
  EXPECT_EQ(text(listed(), "trainings.0.instance"), instance);
  EXPECT_EQ(text(listed(), "workers.0.instance"), instance);
  const std::string bar = installation.run({"status", kSampleLogin}).output;
  EXPECT_NE(bar.find("training ["), std::string::npos) << bar;
  EXPECT_NE(bar.find("s left"), std::string::npos) << bar;
  EXPECT_EQ(installation.run({"training", "retry", instance}).exit_code, 1);
  EXPECT_EQ(installation.run({"training", "cancel", instance}).exit_code, 0);
  EXPECT_TRUE(comes_true([&] { return workers().empty(); }, kCancelledWithin));
  EXPECT_EQ(text(listed(), "trainings.0.status"), "Terminated");
  EXPECT_EQ(installation.run({"training", "retry", instance}).exit_code, 0);
  EXPECT_TRUE(comes_true(has_loss, kLongest));
  EXPECT_EQ(installation.run({"training", "cancel", instance}).exit_code, 0);
  EXPECT_TRUE(comes_true([&] { return workers().empty(); }, kCancelledWithin));
  EXPECT_EQ(installation.run({"training", "show", "train:nobody:1"}).exit_code, 3);
}

// The server read its configuration before it became unreadable; every worker reads it anew.
TEST_F(Capacity, tells_why_workers_fail_at_their_start_instead_of_making_them_for_ever) {
  const fs::path config = installation.data().parent_path() / "cloudfolio.json";
  std::ofstream(config) << "{}";
  installation.environment["CLOUDFOLIO_CONFIG"] = config;
  installation.environment["CLOUDFOLIO_TRAINING_ENABLED"] = "false";
  installation.serve();
  installation.ask({"sync", kSampleLogin});
  std::ofstream(config) << "no configuration";
  const std::string instance = start_training();
  json::Value health;
  EXPECT_TRUE(comes_true(
      [&] {
        health = call(http::Method::get, installation.url() + "/api/health").body;
        return text(health, "status") == "degraded";
      },
      kLongest));
  std::ofstream(config) << "{}";
  const std::string said = text(health, "problem");
  EXPECT_NE(said.find("the last 3 workers failed at their start"), std::string::npos) << said;
  EXPECT_NE(said.find("cloudfolio.json"), std::string::npos) << said << ": not what it wrote last";
  EXPECT_EQ(text(installation.ask({"training", "ls"}), "problem"), said);
  EXPECT_TRUE(comes_true(
      [&] {
        const std::string status = installation.run({"status", kSampleLogin}).output;
        return status.find("queued: starts keep failing") != std::string::npos &&
               status.find(said) != std::string::npos;
      },
      seconds(10)));
  std::size_t logs = 0;
  for (const auto& entry : fs::directory_iterator(folder()))
    logs += entry.path().extension() == ".log";
  EXPECT_EQ(logs, 3u) << "workers were made again and again";
}

TEST_F(Capacity, a_training_that_no_worker_takes_in_time_is_done_by_the_orchestrator) {
  if (!base_model_present()) GTEST_SKIP() << "the base model's weights are missing: ./dev setup";
  installation.environment["CLOUDFOLIO_CAPACITY_KIND"] = "external";  // And nobody comes.
  installation.environment["CLOUDFOLIO_CAPACITY_FALLBACK"] = "inline";
  installation.environment["CLOUDFOLIO_CAPACITY_PATIENCE_SECONDS"] = "1";
  installation.environment["CLOUDFOLIO_TRAINING_ENABLED"] = "false";
  installation.serve();
  installation.ask({"sync", kSampleLogin});
  const json::Value trained = installation.ask({"train", kSampleLogin});
  EXPECT_EQ(integer(trained, "steps"), 2);
  EXPECT_NE(installation.log().find("training.inline"), std::string::npos);
  EXPECT_NE(installation.log().find("training.started"), std::string::npos);
}

TEST_F(Capacity, creates_nothing_beyond_the_days_money_and_says_so_in_the_status) {
  const fs::path prices = installation.data().parent_path() / "prices.json";
  std::ofstream(prices) << R"({"format":1,"version":"dear","currency":"USD","prices":[
    {"unit":"cpu_second","region":"*","valid_from":"2020-01-01","picos":900000000000},
    {"unit":"gib_second","region":"*","valid_from":"2020-01-01","picos":900000000000},
    {"unit":"request","region":"*","valid_from":"2020-01-01","picos":1},
    {"unit":"storage_write","region":"*","valid_from":"2020-01-01","picos":1},
    {"unit":"storage_read","region":"*","valid_from":"2020-01-01","picos":1}]})";
  installation.environment["CLOUDFOLIO_COSTS_PRICES"] = prices;
  installation.environment["CLOUDFOLIO_CAPACITY_SPEND_PER_DAY_CENTS"] = "1";
  installation.environment["CLOUDFOLIO_TRAINING_ENABLED"] = "false";
  installation.serve();
  installation.ask({"sync", kSampleLogin});
  (void)start_training();
  std::string status;
  EXPECT_TRUE(comes_true(
      [&] {
        status = installation.run({"status", kSampleLogin}).output;
        return status.find("the day's spend limit is reached") != std::string::npos;
      },
      seconds(10)))
      << status;
  EXPECT_TRUE(workers().empty());
}

}  // namespace
}  // namespace cloudfolio::system_test

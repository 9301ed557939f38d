// kill -9 of the server while it answers a start that carries an Idempotency-Key: sent again after
// the restart, the start is the same job, and there is one.

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "base/random.h"
#include "world.h"

namespace cloudfolio::system_test {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr int kRounds = kSanitized ? 2 : 4;  // CLOUDFOLIO_TEST_KILLS: another number of them.
constexpr milliseconds kLongest{30'000};

std::optional<std::uint64_t> number_from(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  return std::strtoull(text, nullptr, 10);
}

// The moment of the kill is chance; nothing waits for something to happen in this time.
void let_time_pass(microseconds time) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable never;
  never.wait_for(lock, time, [] { return false; });
}

// One server, killed once.
class Round {
 public:
  Round(const std::string& github, std::string body)
      : body_(std::move(body)), installation_(github) {
    installation_.environment["CLOUDFOLIO_TRAINING_ENABLED"] = "false";
    installation_.environment["CLOUDFOLIO_BASE_MODEL"] = "/nonexistent";
    // How long a start that broke off keeps its key.
    installation_.environment["CLOUDFOLIO_SERVER_REQUEST_TIMEOUT_SECONDS"] = "1";
    installation_.serve();
  }

  Answer start() {
    http::Headers headers;
    headers.set("Idempotency-Key", "a-start");
    return call(http::Method::post,
                installation_.url() + "/v1/portfolios/" + kSampleLogin + "/refresh", body_,
                headers);
  }

  // Kills so long after the start was sent, or after its answer; the answer, if there was one.
  std::optional<Answer> start_and_kill(std::optional<microseconds> after) {
    std::optional<Answer> answer;
    std::thread caller([&] {
      const SystemClock clock;
      const auto began = clock.now();
      try {
        answer = start();
        answer_took = std::chrono::duration_cast<microseconds>(clock.now() - began);
      } catch (const std::runtime_error&) {
        // The server was gone.
      }
    });
    if (after)
      let_time_pass(*after);
    else
      caller.join();
    installation_.server().signal(SIGKILL);
    installation_.server().wait();
    if (caller.joinable()) caller.join();
    installation_.serve();
    return answer;
  }

  // As a client does it: again after `Retry-After`, while the first attempt may still work.
  Answer start_again() {
    const SystemClock clock;
    for (const auto end = clock.now() + kLongest; clock.now() < end;) {
      Answer answer = start();
      if (answer.status != 409) return answer;
      waited = true;
      const auto seconds = answer.headers.find("Retry-After").value_or("1");
      let_time_pass(
          std::chrono::seconds(std::clamp(std::atoi(std::string(seconds).c_str()), 1, 5)));
    }
    throw std::runtime_error("the key was never free again: " + installation_.log());
  }

  json::Value ended_job(const std::string& id) {
    const SystemClock clock;
    for (const auto end = clock.now() + kLongest; clock.now() < end;
         let_time_pass(milliseconds(5))) {
      const Answer state =
          call(http::Method::get, installation_.url() + "/runtime/webhooks/durabletask/instances/" +
                                      id + "?showOutput=report");
      if (state.status == 200) return state.body;
    }
    throw std::runtime_error("the refresh did not end: " + installation_.log());
  }

  std::int64_t refreshes_counted() {
    const json::Value usage = installation_.ask({"usage", kSampleLogin});
    for (const json::Value& meter : array(usage, "meters"))
      if (text(meter, "meter") == "orchestrations") return integer(meter, "total");
    throw std::runtime_error("no such meter: " + json::write(usage));
  }

  bool waited = false;
  microseconds answer_took{0};

 private:
  const std::string body_;
  Installation installation_;
};

TEST(StartKill, a_start_that_is_sent_again_after_a_kill_is_the_same_job_once) {
  const std::uint64_t seed =
      number_from("CLOUDFOLIO_TEST_SEED").value_or(Random::from_system().next());
  std::printf("CLOUDFOLIO_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  SCOPED_TRACE("CLOUDFOLIO_TEST_SEED=" + std::to_string(seed));
  Random random(seed);
  const int rounds = static_cast<int>(number_from("CLOUDFOLIO_TEST_KILLS").value_or(kRounds));
  Simulator github(sample_portfolio(), {"--latency-ms", "20"});
  microseconds usual{0};
  std::map<std::string, int> seen;
  for (int number = 0; number < rounds; ++number) {
    SCOPED_TRACE("round " + std::to_string(number));
    Round round(github.url(), number % 2 == 0 ? "{}" : R"({"force":true})");
    std::optional<microseconds> kill_after;
    // The first is killed after its answer, and says how long that takes.
    if (number > 0)
      kill_after =
          microseconds(random.below(static_cast<std::uint64_t>(usual.count() * 3 / 2) + 1));
    const auto answered = round.start_and_kill(kill_after);
    if (number == 0) usual = round.answer_took;

    const Answer again = round.start_again();
    ASSERT_EQ(again.status, 202) << again.text;
    EXPECT_EQ(text(again.body, "id"), std::string("refresh:") + kSampleLogin);
    const bool replayed = again.headers.find("Idempotency-Replayed") == "true";
    if (answered) {
      EXPECT_EQ(answered->status, 202) << answered->text;
      EXPECT_TRUE(replayed) << "what was answered is known";
      EXPECT_EQ(again.text, answered->text);
    }
    ++seen[answered       ? "answered"
           : replayed     ? "kept, not answered"
           : round.waited ? "broke off"
                          : "never arrived"];
    const json::Value ended = round.ended_job(text(again.body, "id"));
    EXPECT_EQ(text(ended, "runtimeStatus"), "Completed") << json::write(ended);
    EXPECT_EQ(round.refreshes_counted(), 1);

    // And once more, when it is long done.
    const std::int64_t asked = github.request_count();
    const Answer late = round.start();
    EXPECT_EQ(late.headers.find("Idempotency-Replayed"), "true") << late.text;
    EXPECT_EQ(late.text, again.text);
    EXPECT_EQ(text(round.ended_job(text(late.body, "id")), "createdTime"),
              text(ended, "createdTime"));
    EXPECT_EQ(github.request_count(), asked);
  }
  for (const auto& [what, count] : seen) std::printf("%s: %d\n", what.c_str(), count);
}

}  // namespace
}  // namespace cloudfolio::system_test

// Workers brought by a scaler that takes a wrong number for the queue's length.

#include <gtest/gtest.h>

#include <deque>
#include <set>
#include <thread>

#include "base/random.h"
#include "durable/queued/testing/remote_activities.h"

namespace cloudfolio::durable {
namespace {

using namespace std::chrono_literals;

// By simulated time, on one thread: a scaler looks every 30 s and brings as many workers as it
// believes are missing, each of which starts within five minutes, looks once and ends with its job,
// or at once where there is none. While a job runs, everybody else goes on.
class ScaledByWrongCounts : public RemoteActivitiesTest {
 protected:
  static constexpr std::size_t kWorkersMax = 4;
  static constexpr std::size_t kJobsCount = 10;

  void SetUp() override {
    work([this](const Context&, const ActivityInfo& info, std::string) {
      ++runs[info.instance_id];
      ++running;
      const std::uint64_t steps = random.below(12);
      for (std::uint64_t i = 0; i < steps && running < kWorkersMax; ++i) step();
      --running;
      return Result<std::string>("done");
    });
  }

  // What is published now, a minute late, and wrong by up to all of it.
  std::size_t told_count() {
    published.push_back(seed % 2 == 0 ? sending->waiting(kPool).size() : count_of(kQueue));
    if (published.size() > 3) published.pop_front();
    const std::uint64_t wrong_by = random.below(3);  // 0: nothing is there; 2: twice as much.
    return published.front() * wrong_by;
  }

  void scale() {
    const std::size_t wanted = std::min(told_count(), kWorkersMax);
    for (std::size_t there = starting.size() + running; there < wanted; ++there)
      starting.insert(clock.wall_time() + std::chrono::seconds(random.below(301)));
  }

  void step() {
    clock.advance(15s);
    if (++steps_count % 2 == 0) scale();
    while (!starting.empty() && *starting.begin() <= clock.wall_time()) {
      starting.erase(starting.begin());
      ActivityWorkerOptions patient;  // Nobody renews while simulated time passes.
      patient.visibility = 2h;
      const auto worker = open_idle_worker(patient);
      const auto looked = worker->run_one_until(ctx, clock.now());
      ASSERT_TRUE(looked.ok()) << looked.error().message();
      idle += *looked == ActivityWorker::Looked::nothing;
    }
  }

  void ask(const std::string& id) {
    const std::size_t before = count_of(kQueue);
    start("it", id, "this");
    while (count_of(kQueue) == before) std::this_thread::yield();
  }

  std::uint64_t seed = 0;
  Random random{1};
  std::map<std::string, int> runs;
  std::size_t running = 0;
  std::multiset<Clock::WallTime> starting;
  std::deque<std::size_t> published;
  std::size_t steps_count = 0;
  std::size_t idle = 0;  // Workers that were too many.
};

TEST_F(ScaledByWrongCounts, every_activity_runs_once_and_none_is_left_waiting) {
  open();
  for (seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random = Random(seed);
    const std::string prefix = "s" + std::to_string(seed) + "-";
    for (std::size_t job = 0; job < kJobsCount; ++job) {
      ask(prefix + std::to_string(job));
      for (std::uint64_t i = random.below(8); i > 0; --i) step();
    }
    for (int i = 0; i < 2'000 && count_of(kQueue) > 0; ++i) step();
    ASSERT_EQ(count_of(kQueue), 0u);
    for (std::size_t job = 0; job < kJobsCount; ++job) {
      EXPECT_EQ(outcome(prefix + std::to_string(job)), "Completed: done");
      EXPECT_EQ(runs[prefix + std::to_string(job)], 1);
    }
    // With nothing there nobody is brought for longer than the number is late, and all are gone.
    for (int i = 0; i < 6; ++i) step();
    const std::size_t late = starting.size();
    for (int i = 0; i < 30; ++i) step();
    EXPECT_LE(late, kWorkersMax);
    EXPECT_TRUE(starting.empty());
    EXPECT_EQ(count_of("work-far-poison"), 0u);
  }
  EXPECT_EQ(runs.size(), 12 * kJobsCount);
  EXPECT_GT(idle, 0u) << "no worker was ever one too many: the numbers were not wrong";
}

}  // namespace
}  // namespace cloudfolio::durable

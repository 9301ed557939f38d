// An embedded store whose process is killed at random moments: everything that was acknowledged is
// there, nothing is half written, and no leftover stays.

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "base/random.h"
#include "storage_crash_model.h"
#include "storage_crash_worker.h"

namespace cloudfolio::crash {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

constexpr int kRounds = 60;

struct Child {
  pid_t process = -1;
  int pipe = -1;
};

Child start(const fs::path& directory, const Model& model) {
  std::uint64_t first[kWorkers];
  for (std::uint32_t w = 0; w < kWorkers; ++w) first[w] = model.next_step(w);
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  const pid_t process = ::fork();
  if (process == 0) {
    ::close(ends[0]);
    std::_Exit(work_until_killed(directory, first, ends[1]));
  }
  ::close(ends[1]);
  return {process, ends[0]};
}

// Reads one report; false when `until` has come or the pipe has ended.
bool hear_one(int pipe, Model& model, Steady::time_point until) {
  pollfd waiting{pipe, POLLIN, 0};
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Steady::now());
  if (::poll(&waiting, 1, int(std::max<std::int64_t>(left.count(), 0))) <= 0) return false;
  Report report;
  if (::read(pipe, &report, sizeof report) != ssize_t(sizeof report)) return false;
  model.hear(report);
  return true;
}

void kill_after(const Child& child, Model& model, std::chrono::microseconds life) {
  // The clock of a life starts with its first answer, so that every round has something to lose.
  hear_one(child.pipe, model, Steady::now() + std::chrono::seconds(60));
  const auto end = Steady::now() + life;
  while (Steady::now() < end) hear_one(child.pipe, model, end);
  ASSERT_EQ(::kill(child.process, SIGKILL), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child.process, &status, 0), child.process);
  ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself: " << WEXITSTATUS(status);
  while (hear_one(child.pipe, model, Steady::now())) continue;
  ::close(child.pipe);
}

TEST(StorageCrash, whatever_the_moment_of_the_kill_nothing_acknowledged_is_lost) {
  const std::uint64_t seed = Random::from_system().next();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  std::string name = (fs::temp_directory_path() / "storage-crash-XXXXXX").string();
  const fs::path directory = ::mkdtemp(name.data());
  Model model;
  for (int round = 0; round < kRounds && !testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const Child child = start(directory, model);
    kill_after(child, model, std::chrono::microseconds(random.below(60'000)));
    model.check(directory);
  }
  EXPECT_GT(model.heard_count(), std::uint64_t(kRounds) * 4);
  fs::remove_all(directory);
}

}  // namespace
}  // namespace cloudfolio::crash

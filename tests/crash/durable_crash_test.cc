// An orchestration engine whose process is killed at random moments: after the restart every
// instance completes with the output computed beforehand, every event is consumed exactly once, and
// every task has exactly one result.

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>

#include "base/random.h"
#include "durable/embedded/journal.h"
#include "durable/embedded/scheduler.h"
#include "durable/testing/history_check.h"
#include "durable/testing/kitchen_sink.h"
#include "durable_crash_worker.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cloudfolio::crash {
namespace {

namespace fs = std::filesystem;
using cloudfolio::InstanceId;
using Steady = std::chrono::steady_clock;

#ifdef __SANITIZE_ADDRESS__
constexpr int kKills = 12;
#else
constexpr int kKills = 60;
#endif

// What the killed processes were promised.
struct Promised {
  std::set<std::uint32_t> started;
  std::set<std::uint32_t> raised;
  std::uint32_t next = 1;  // Not given to any life yet.

  void hear(const DurableReport& report) {
    if (report.said == DurableReport::Said::started) started.insert(report.number);
    if (report.said == DurableReport::Said::raised) raised.insert(report.number);
    next = std::max(next, report.number + 2);  // One more may be under way.
  }
};

struct Child {
  pid_t process = -1;
  int pipe = -1;
};

Child begin(const fs::path& directory, std::uint32_t first) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  const pid_t process = ::fork();
  if (process == 0) {
    ::close(ends[0]);
    std::_Exit(orchestrate_until_killed(directory, first, ends[1]));
  }
  ::close(ends[1]);
  return {process, ends[0]};
}

bool hear_one(int pipe, Promised& promised, Steady::time_point until) {
  pollfd waiting{pipe, POLLIN, 0};
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Steady::now());
  if (::poll(&waiting, 1, int(std::max<std::int64_t>(left.count(), 0))) <= 0) return false;
  DurableReport report;
  if (::read(pipe, &report, sizeof report) != ssize_t(sizeof report)) return false;
  promised.hear(report);
  return true;
}

// Three lives of four are counted from their first promise, so that there is something to lose; the
// others from their birth, so that opening is killed as well.
void kill_after(const Child& child, Promised& promised, Random& random) {
  const auto promises_count = promised.started.size();
  const auto patience = Steady::now() + std::chrono::seconds(60);
  if (random.below(4) != 0) {
    while (promised.started.size() == promises_count) {
      ASSERT_TRUE(hear_one(child.pipe, promised, patience)) << "it opens without end";
    }
  }
  const auto end = Steady::now() + std::chrono::microseconds(random.below(80'000));
  while (Steady::now() < end) hear_one(child.pipe, promised, end);
  ASSERT_EQ(::kill(child.process, SIGKILL), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child.process, &status, 0), child.process);
  ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself: " << WEXITSTATUS(status);
  while (hear_one(child.pipe, promised, Steady::now())) continue;
  ::close(child.pipe);
}

std::string text(const Result<durable::OrchestrationState>& state) {
  if (!state) return state.error().message();
  return std::string(to_string(state->status)) + " " + state->output;
}

// Lets everything run to its end, and compares it with what was promised.
void finish_and_check(const fs::path& directory, const Promised& promised) {
  durable::Registry registry;
  register_crash(registry);
  const SystemClock clock;
  telemetry::MemoryLogSink sink;
  telemetry::Log log(sink, clock);
  telemetry::MetricRegistry metrics;
  durable::EmbeddedOptions options;
  options.directory = directory;
  auto engine =
      durable::Embedded::open(options, registry, clock, Random::from_system(), log, metrics);
  ASSERT_TRUE(engine.ok()) << engine.error().message();
  const auto ctx = Context().with_deadline(clock.now() + std::chrono::minutes(3));
  for (const std::uint32_t number : promised.started) {
    const durable::testing::SinkInput input{number};
    EXPECT_EQ(text((*engine)->wait(ctx, InstanceId(started_id(number)))),
              "Completed " + std::to_string(durable::testing::expected_sum(input)));
  }
  ASSERT_TRUE((*engine)->raise_event(ctx, InstanceId(kCollector), "end", "").ok());
  const auto collected = (*engine)->wait(ctx, InstanceId(kCollector));
  ASSERT_TRUE(collected.ok()) << collected.error().message();
  std::istringstream list(collected->output);
  std::set<std::uint32_t> numbers;
  for (std::uint32_t number = 0; list >> number;) {
    EXPECT_TRUE(numbers.insert(number).second) << "event " << number << " was consumed twice";
  }
  for (const std::uint32_t number : promised.raised) {
    EXPECT_TRUE(numbers.count(number)) << "event " << number << " was lost";
  }
}

void check_log(const fs::path& directory) {
  const auto journal = durable::Journal::open(directory);
  ASSERT_TRUE(journal.ok()) << journal.error().message();
  EXPECT_TRUE((*journal)->check_integrity().ok());
  EXPECT_TRUE((*journal)->tasks()->empty());
  EXPECT_TRUE((*journal)->messages()->empty());
  int checked = 0;
  for (std::int64_t key = 1; key < 100'000; ++key) {
    const auto row = (*journal)->find(key);
    ASSERT_TRUE(row.ok());
    if (!*row) continue;
    SCOPED_TRACE((*row)->id);
    EXPECT_EQ((*row)->status, durable::OrchestrationStatus::completed);
    const auto history = (*journal)->history(key);
    ASSERT_TRUE(history.ok());
    durable::testing::check_history(*history, true);
    ++checked;
  }
  EXPECT_GT(checked, kKills / 2);
}

TEST(DurableCrash, whatever_the_moment_of_the_kill_everything_completes_exactly_once) {
  const std::uint64_t seed = Random::from_system().next();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  std::string name = (fs::temp_directory_path() / "durable-crash-XXXXXX").string();
  const fs::path directory = ::mkdtemp(name.data());
  Promised promised;
  for (int kills = 0; kills < kKills && !testing::Test::HasFailure(); ++kills) {
    SCOPED_TRACE("kill " + std::to_string(kills));
    const Child child = begin(directory, promised.next);
    kill_after(child, promised, random);
  }
  std::printf("%d kills, %zu instances and %zu events promised\n", kKills, promised.started.size(),
              promised.raised.size());
  EXPECT_GT(promised.started.size(), std::size_t(kKills) / 2);
  if (!testing::Test::HasFailure()) finish_and_check(directory, promised);
  if (!testing::Test::HasFailure()) check_log(directory);
  fs::remove_all(directory);
}

}  // namespace
}  // namespace cloudfolio::crash

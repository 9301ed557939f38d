#pragma once
// A scheduler on a temporary directory with a clock that tests move. Verbs for tests.

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/clock.h"
#include "durable/embedded/scheduler.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cloudfolio::durable::testing {

// Removed with all that is in it. In memory where the system has such a place: these tests pretend
// crashes, and need no real disk for it (tests/crash does).
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    const std::filesystem::path memory = "/dev/shm";
    const auto parent =
        ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
    auto name = (parent / "cloudfolio-durable-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class SchedulerTest : public ::testing::Test {
 protected:
  SchedulerTest() { options.directory = directory.path(); }

  void open() {
    metrics = std::make_unique<telemetry::MetricRegistry>();
    auto opened = Embedded::open(options, registry, clock, Random(7), log, *metrics);
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    scheduler = *std::move(opened);
  }
  void close() { scheduler.reset(); }
  void reopen() {
    close();
    open();
  }

  std::string start(std::string name, std::string id, std::string input = {},
                    Reuse reuse = Reuse::finished) {
    StartOptions start;
    start.name = std::move(name);
    start.instance = InstanceId(std::move(id));
    start.input = std::move(input);
    start.reuse = reuse;
    const auto started = scheduler->start(ctx, std::move(start));
    return started ? started->str() : std::string(to_string(started.error().code()));
  }
  // "Completed: output", "Failed: code: message".
  std::string outcome(const std::string& id) {
    return text(scheduler->wait(within(std::chrono::seconds(30)), InstanceId(id)));
  }
  std::string state(const std::string& id) {
    const auto state = scheduler->get(ctx, InstanceId(id));
    if (!state) return state.error().message();
    return *state ? text(**state) : "none";
  }
  void wait_until_started(const std::string& id) {
    (void)scheduler->wait(within(std::chrono::seconds(30)), InstanceId(id), Until::started);
  }
  Status raise(const std::string& id, std::string name, std::string payload = {}) {
    return scheduler->raise_event(ctx, InstanceId(id), std::move(name), std::move(payload));
  }
  void pass(std::chrono::milliseconds time) {
    clock.advance(time);
    scheduler->clock_moved();
  }
  // Types of the history's events, by initial letters: readable and short.
  std::string events(const std::string& id) {
    const auto history = scheduler->history(ctx, InstanceId(id));
    if (!history) return history.error().message();
    std::string names;
    for (const HistoryEvent& event : *history) {
      names += (names.empty() ? "" : " ") + std::string(type_name(event.body));
    }
    return names;
  }

  Context within(std::chrono::milliseconds time) const {
    return ctx.with_deadline(clock.now() + time);
  }
  static std::string text(const Result<OrchestrationState>& state) {
    if (!state) return std::string(to_string(state.error().code()));
    std::string text(to_string(state->status));
    if (state->stalled) text += " (stalled)";
    if (state->failure) return text + ": " + state->failure->type + ": " + state->failure->message;
    return is_terminal(state->status) ? text + ": " + state->output : text;
  }

  TemporaryDirectory directory;
  EmbeddedOptions options;
  Registry registry;
  ManualClock clock;
  telemetry::MemoryLogSink lines;
  telemetry::Log log{lines, clock};
  std::unique_ptr<telemetry::MetricRegistry> metrics;
  Context ctx;
  std::unique_ptr<Embedded> scheduler;
};

}  // namespace cloudfolio::durable::testing

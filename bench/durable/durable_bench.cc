// How many durable five-activity sequences a second, and how long one takes alone. Prints a table,
// writes figures as JSON to the file named.
//
//   durable_bench OUT.json [PEER_NAME PEER_PER_SECOND PEER_P50_MS]...

#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "durable/embedded/scheduler.h"
#include "raw_sqlite.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cloudfolio::bench {
namespace {

namespace fs = std::filesystem;
using cloudfolio::InstanceId;
using durable::Embedded;
using durable::Orchestration;
using durable::OrchestrationContext;
using Steady = std::chrono::steady_clock;

Orchestration<> hello_cities(OrchestrationContext& ctx, std::string) {
  std::string all;
  for (const char* city : {"Tokyo", "Seattle", "London", "Lima", "Nairobi"}) {
    CF_CO_TRY(auto hello, co_await ctx.call("hello", city));
    all += hello;
  }
  co_return all;
}

struct Run {
  double per_second = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  int failed = 0;
};

double seconds_since(Steady::time_point began) {
  return std::chrono::duration<double>(Steady::now() - began).count();
}

// `callers` threads that each start a sequence and wait for it, `count` in all.
Run measure(Embedded& engine, int callers, int count, const std::string& prefix) {
  std::atomic<int> next{0};
  std::atomic<int> failed{0};
  std::vector<std::vector<double>> times(static_cast<std::size_t>(callers));
  const auto began = Steady::now();
  std::vector<std::thread> threads;
  for (auto& mine : times) {
    threads.emplace_back([&] {
      while (true) {
        const int number = next++;
        if (number >= count) return;
        const auto start_time = Steady::now();
        durable::StartOptions start;
        start.name = "hello_cities";
        start.instance = InstanceId(prefix + std::to_string(number));
        const InstanceId id = start.instance;
        const bool started = engine.start({}, std::move(start)).ok();
        const auto ended = engine.wait({}, id);
        if (!started || !ended ||
            ended->output != "Hello Tokyo!Hello Seattle!Hello London!Hello Lima!Hello Nairobi!") {
          ++failed;
        }
        mine.push_back(seconds_since(start_time) * 1e3);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  Run run;
  run.per_second = count / seconds_since(began);
  run.failed = failed;
  std::vector<double> all;
  for (const auto& mine : times) all.insert(all.end(), mine.begin(), mine.end());
  std::sort(all.begin(), all.end());
  run.p50_ms = all[all.size() / 2];
  run.p99_ms = all[all.size() * 99 / 100];
  return run;
}

std::string machine() {
  utsname name{};
  ::uname(&name);
  return std::to_string(std::thread::hardware_concurrency()) + " x " + name.machine + ", " +
         name.sysname + " " + name.release;
}

double resident_mb() {
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  double resident = 0;
  file >> pages >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

void print(const std::string& what, double per_second, double p50_ms, double p99_ms) {
  const auto shown = [](double value) {
    char text[32];
    std::snprintf(text, sizeof text, value > 0 ? "%.2f" : "-", value);
    return std::string(text);
  };
  std::printf("%-66s %12.0f %10s %10s\n", what.c_str(), per_second, shown(p50_ms).c_str(),
              shown(p99_ms).c_str());
}

int run(const std::vector<std::string>& arguments) {
  std::string name = (fs::current_path() / "durable-bench-XXXXXX").string();
  const fs::path directory = ::mkdtemp(name.data());
  durable::Registry registry;
  registry.orchestration("hello_cities", hello_cities);
  registry.activity("hello", [](const Context&, const durable::ActivityInfo&, std::string city) {
    return Result<std::string>("Hello " + city + "!");
  });
  const SystemClock clock;
  telemetry::MemoryLogSink sink;
  telemetry::Log log(sink, clock, telemetry::Level::warn);
  telemetry::MetricRegistry metrics;
  durable::EmbeddedOptions options;
  options.directory = directory / "engine";
  options.activity_threads_count = 2;
  auto engine = Embedded::open(options, registry, clock, Random::from_system(), log, metrics);
  if (!engine) {
    std::fprintf(stderr, "open: %s\n", engine.error().message().c_str());
    return 1;
  }
  std::printf("%-66s %12s %10s %10s\n", "sequence of 5 activities, durable", "per second", "p50 ms",
              "p99 ms");
  (void)measure(**engine, 8, 500, "warm");
  const Run alone = measure(**engine, 1, 1'000, "alone");
  print("cloudfolio, 1 caller", alone.per_second, alone.p50_ms, alone.p99_ms);
  Run best;
  int failed = alone.failed;
  for (const int callers : {8, 32, 128}) {
    const Run many = measure(**engine, callers, callers * 150, std::to_string(callers) + "-");
    print("cloudfolio, " + std::to_string(callers) + " callers", many.per_second, many.p50_ms,
          many.p99_ms);
    if (many.per_second > best.per_second) best = many;
    failed += many.failed;
  }
  (*engine)->stop();
  constexpr int kRawCount = 300;
  const double raw_seconds = raw_sqlite_sequences(directory, kRawCount);
  if (raw_seconds > 0) {
    print("peer: plain SQLite, a commit a turn, storage only", kRawCount / raw_seconds,
          raw_seconds / kRawCount * 1e3, 0);
  }
  for (std::size_t i = 1; i + 2 < arguments.size(); i += 3) {
    print("peer: " + arguments[i], std::stod(arguments[i + 1]), std::stod(arguments[i + 2]), 0);
  }
  std::error_code ignored;
  fs::remove_all(directory, ignored);
  if (failed > 0) {
    std::fprintf(stderr, "%d sequences did not give what they should\n", failed);
    return 1;
  }
  std::ofstream out(arguments[0]);
  out << "{\"name\": \"durable\", \"machine\": \"" << machine() << "\", \"figures\": {"
      << "\"sequences_of_5_per_second\": " << best.per_second
      << ", \"sequential_p50_ms\": " << alone.p50_ms << ", \"sequential_p99_ms\": " << alone.p99_ms
      << ", \"peak_memory_mb\": " << resident_mb();
  if (raw_seconds > 0) out << ", \"raw_sqlite_sequences_per_second\": " << kRawCount / raw_seconds;
  for (std::size_t i = 1; i + 2 < arguments.size(); i += 3) {
    out << ", \"peer_" << i / 3 + 1 << "_sequences_per_second\": " << arguments[i + 1];
  }
  out << "}}\n";
  return out.flush() ? 0 : 1;
}

}  // namespace
}  // namespace cloudfolio::bench

int main(int count, char** values) {
  const std::vector<std::string> arguments(values + 1, values + count);
  if (arguments.empty()) {
    std::fprintf(stderr, "usage: durable_bench OUT.json [PEER PER_SECOND P50_MS]...\n");
    return 2;
  }
  return cloudfolio::bench::run(arguments);
}

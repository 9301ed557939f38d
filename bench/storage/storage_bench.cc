// How fast the embedded store is: storage_bench FOLDER RESULT.json
//
// Entries of 4 KiB under 10,000 keys. The machine's own speed is measured beside: syncs of one
// small write a second bound what can be durable without sharing syncs.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "storage/embedded/embedded.h"

namespace {

using namespace cloudfolio;
using namespace cloudfolio::storage;
using Steady = std::chrono::steady_clock;
namespace fs = std::filesystem;

constexpr std::size_t kKeys = 10'000;
constexpr std::size_t kEntryBytes = 4 * kKiB;
constexpr auto kTime = std::chrono::seconds(3);
constexpr int kWriters = 64;

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

BlobKey key_of(std::uint64_t number) {
  return BlobKey("repo_context_octocat_" + std::to_string(number));
}

PutOptions options_of_an_entry() {
  PutOptions options;
  options.metadata = {{"username", "octocat"},
                      {"kind", "repo"},
                      {"fingerprint", "4a33519461f1d68f630106eeb114df05"}};
  options.content_type = "application/json";
  options.content_encoding = "utf-8";
  return options;
}

std::string entry(Random& random) {
  std::string bytes(kEntryBytes, ' ');
  for (char& c : bytes) c = static_cast<char>('a' + random.below(26));
  return bytes;
}

void require(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "storage_bench: %s failed\n", what);
  std::exit(1);
}

double syncs_per_second(const fs::path& folder) {
  const fs::path path = folder / "sync";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  require(file >= 0, "open");
  const std::string page(kEntryBytes, 'x');
  const auto start = Steady::now();
  int count = 0;
  for (; seconds_since(start) < 1; ++count) {
    require(::pwrite(file, page.data(), page.size(), off_t(count % 256) * off_t(page.size())) > 0,
            "write");
    require(::fdatasync(file) == 0, "sync");
  }
  const double rate = count / seconds_since(start);
  ::close(file);
  return rate;
}

// Every thread calls `call(thread's random)` until the time is over; calls a second.
template <class Call>
double rate_of(int threads_count, Call call) {
  std::atomic<std::uint64_t> calls = 0;
  std::vector<std::thread> threads;
  const auto start = Steady::now();
  for (int t = 0; t < threads_count; ++t) {
    threads.emplace_back([&, t] {
      Random random{std::uint64_t(t) + 1};
      std::uint64_t mine = 0;
      while (Steady::now() - start < kTime) {
        call(random);
        ++mine;
      }
      calls += mine;
    });
  }
  for (auto& thread : threads) thread.join();
  return double(calls) / seconds_since(start);
}

double get_p99_ms_under_writer(BlobStore& blobs) {
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    Random random(7);
    const std::string bytes = entry(random);
    while (!stop)
      require(blobs.put({}, key_of(random.below(kKeys)), bytes, options_of_an_entry()).ok(), "put");
  });
  std::vector<double> times;
  Random random(8);
  const auto start = Steady::now();
  while (Steady::now() - start < kTime) {
    const auto before = Steady::now();
    require(blobs.get({}, key_of(random.below(kKeys))).ok(), "get");
    times.push_back(seconds_since(before) * 1'000);
  }
  stop = true;
  writer.join();
  std::sort(times.begin(), times.end());
  return times[times.size() * 99 / 100];
}

int run(const fs::path& folder, const fs::path& result) {
  const fs::path directory = folder / ("storage-bench-" + std::to_string(::getpid()));
  fs::create_directories(directory);
  const double syncs = syncs_per_second(directory);
  SystemClock clock;
  auto storage = embedded::open({.directory = directory / "store"}, clock);
  require(storage.ok(), "open");
  BlobStore& blobs = **(*storage)->blobs("github-cache");
  Queue& queue = **(*storage)->queue("jobs");
  Random fill(1);
  const std::string bytes = entry(fill);
  const PutOptions options = options_of_an_entry();
  std::atomic<std::uint64_t> next = 0;
  const double creates = rate_of(kWriters, [&](Random&) {
    require(blobs.put({}, key_of(next++ % kKeys), bytes, options).ok(), "put");
  });
  const double puts = rate_of(kWriters, [&](Random& random) {
    require(blobs.put({}, key_of(random.below(kKeys)), bytes, options).ok(), "put");
  });
  const double one_writer = rate_of(1, [&](Random& random) {
    require(blobs.put({}, key_of(random.below(kKeys)), bytes, options).ok(), "put");
  });
  const std::clock_t cpu_before = std::clock();
  const auto gets_start = Steady::now();
  const double gets = rate_of(
      1, [&](Random& random) { require(blobs.get({}, key_of(random.below(kKeys))).ok(), "get"); });
  // What the rate would be if no other program took the processor meanwhile.
  const double cpu_share =
      double(std::clock() - cpu_before) / CLOCKS_PER_SEC / seconds_since(gets_start);
  const double sends = rate_of(kWriters, [&](Random&) {
    require(queue.send({}, "{\"login\":\"octocat\"}", {}).ok(), "send");
  });
  const double p99 = get_p99_ms_under_writer(blobs);
  storage->reset();
  fs::remove_all(directory);
  const struct {
    const char* name;
    double value;
  } lines[] = {{"machine_syncs_per_second", syncs},
               {"embedded_gets_per_second", gets},
               {"embedded_gets_per_cpu_second", gets / cpu_share},
               {"durable_puts_per_second", puts},
               {"durable_first_puts_per_second", creates},
               {"durable_puts_per_second_one_writer", one_writer},
               {"durable_sends_per_second", sends},
               {"get_p99_ms_under_writer", p99}};
  std::FILE* json = std::fopen(result.c_str(), "w");
  require(json != nullptr, "result file");
  const char* separator = "{";
  for (const auto& line : lines) {
    std::printf("%-36s %14.3f\n", line.name, line.value);
    std::fprintf(json, "%s\n  \"%s\": %.3f", separator, line.name, line.value);
    separator = ",";
  }
  std::fprintf(json, "\n}\n");
  return std::fclose(json) == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: storage_bench FOLDER RESULT.json\n");
    return 2;
  }
  return run(argv[1], argv[2]);
}

#include "measure.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <vector>

namespace cloudfolio::bench {

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

void require(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "cache_bench: %s failed\n", what);
  std::exit(1);
}

namespace {

void stay_on_one_core() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(std::max(::sched_getcpu(), 0), &one);
  require(::sched_setaffinity(0, sizeof one, &one) == 0, "stay on one core");
}

// Looks at the time once in a while, so that the time is not what is measured.
std::uint64_t call_until(Steady::time_point end, std::uint64_t seed, const Call& call) {
  Random random{seed};
  std::uint64_t count = 0;
  do {
    for (int i = 0; i < 16; ++i) call(random);
    count += 16;
  } while (Steady::now() < end);
  return count;
}

}  // namespace

double rate_on_one_core(const Call& call) {
  double rate = 0;
  std::thread thread([&] {
    stay_on_one_core();
    const auto start = Steady::now();
    const std::uint64_t count = call_until(start + kMeasured, 1, call);
    rate = double(count) / seconds_since(start);
  });
  thread.join();
  return rate;
}

double rate_of(int threads_count, const Call& call) {
  std::atomic<std::uint64_t> calls = 0;
  std::vector<std::thread> threads;
  const auto start = Steady::now();
  for (int t = 0; t < threads_count; ++t)
    threads.emplace_back(
        [&, t] { calls += call_until(start + kMeasured, std::uint64_t(t) + 1, call); });
  for (auto& thread : threads) thread.join();
  return double(calls) / seconds_since(start);
}

storage::BlobKey key_of(std::uint64_t tenant) {
  return storage::BlobKey("repos_bundle_context_tenant-" + std::to_string(tenant));
}

storage::PutOptions options_of_an_entry() {
  storage::PutOptions options;
  options.metadata = {{"username", "octocat"},
                      {"kind", "bundle"},
                      {"generation", "7"},
                      {"no_expiry", "True"},
                      {"fingerprint", "4a33519461f1d68f630106eeb114df05"}};
  options.content_type = "application/json";
  options.content_encoding = "utf-8";
  return options;
}

std::string entry_bytes(Random& random) {
  std::string bytes(kEntryBytes, ' ');
  for (char& c : bytes) c = static_cast<char>('a' + random.below(26));
  return bytes;
}

double syncs_per_second(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "sync";
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

double get_p99_ms_under_writer(storage::BlobStore& blobs, std::uint64_t tenants_count) {
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    Random random(7);
    const std::string bytes = entry_bytes(random);
    while (!stop)
      require(blobs.put({}, key_of(random.below(tenants_count)), bytes, options_of_an_entry()).ok(),
              "put");
  });
  std::vector<double> times;
  Random random(8);
  const auto start = Steady::now();
  while (Steady::now() - start < kMeasured) {
    const auto before = Steady::now();
    require(blobs.get({}, key_of(random.below(tenants_count))).ok(), "get");
    times.push_back(seconds_since(before) * 1'000);
  }
  stop = true;
  writer.join();
  std::sort(times.begin(), times.end());
  return times[times.size() * 99 / 100];
}

std::string machine() {
  std::ifstream info("/proc/cpuinfo");
  std::string model = "unknown processor";
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) {
      model = line.substr(line.find(':') + 2);
      break;
    }
  return std::to_string(std::thread::hardware_concurrency()) + " cores, " + model;
}

}  // namespace cloudfolio::bench

// How fast the cache is: cache_bench FOLDER RESULT.json [NAME=VALUE…]
//
// Entries of 4 KiB. From memory (tier_…), from the embedded store (embedded_…), into it durably,
// and how a lookup's time grows from 100 tenants to 100,000. Further figures, from other programs,
// are written as they come.
//
// lookup_ratio_…: the time of one lookup where 100,000 tenants are kept, over the time where 100
// are. For memory, both sides look up the same number of different keys in the same random order:
// 100 tenants, on the larger side spread over all of it. That says what the number of tenants that
// are kept costs. lookup_ratio_tier_all_keys lets the larger side look up every one of its tenants
// at random: then the processor's caches hold less of what is asked for, and the ratio says that,
// too.

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cache/cache.h"
#include "cache/tier.h"
#include "json/json.h"
#include "measure.h"
#include "storage/embedded/embedded.h"
#include "telemetry/metrics.h"

namespace {

using namespace cloudfolio;
using namespace cloudfolio::bench;
namespace fs = std::filesystem;

constexpr std::uint64_t kTenants = 10'000;
constexpr std::uint64_t kFewTenants = 100;
constexpr std::uint64_t kManyTenants = 100'000;
constexpr int kWriters = 64;
// The rates before and after another are compared; medians of so many of each.
constexpr int kRounds = 3;

using Figures = std::vector<std::pair<std::string, double>>;

// As dear as the real clock; stands still, so that no entry grows old while lookups are measured.
class StoppedClock final : public Clock {
 public:
  Instant now() const override {
    (void)real_.now();
    return start_;
  }
  WallTime wall_time() const override { return real_.wall_time(); }

 private:
  SystemClock real_;
  Instant start_ = real_.now();
};

struct Opened {
  SystemClock clock;
  std::unique_ptr<storage::Storage> storage;
  storage::BlobStore* blobs = nullptr;

  explicit Opened(const fs::path& directory) {
    auto opened = storage::embedded::open({.directory = directory}, clock);
    require(opened.ok(), "open");
    storage = *std::move(opened);
    blobs = *storage->blobs(cache::kContainer);
  }
};

void fill(storage::BlobStore& blobs, std::uint64_t tenants_count) {
  Random random(1);
  const std::string bytes = entry_bytes(random);
  std::atomic<std::uint64_t> next = 0;
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i)
    writers.emplace_back([&] {
      for (std::uint64_t tenant; (tenant = next++) < tenants_count;)
        require(blobs.put({}, key_of(tenant), bytes, options_of_an_entry()).ok(), "put");
    });
  for (std::thread& writer : writers) writer.join();
}

struct Memory {
  telemetry::MetricRegistry metrics;
  cache::Tier tier;
  std::uint64_t tenants_count;

  Memory(storage::BlobStore& blobs, const Clock& clock, std::uint64_t its_tenants_count)
      : tier(blobs, clock, metrics, {.bytes_max = 4ULL * kGiB}), tenants_count(its_tenants_count) {
    for (std::uint64_t tenant = 0; tenant < tenants_count; ++tenant) get(tenant);
  }
  void get(std::uint64_t tenant) {
    char key[48];
    const int size = std::snprintf(key, sizeof key, "repos_bundle_context_tenant-%llu",
                                   static_cast<unsigned long long>(tenant));
    const auto found = tier.get({}, cache::EntryKind::bundle,
                                std::string_view(key, std::size_t(size)), cache::Tier::Part::all);
    require(found.ok() && found->entry, "lookup");
  }
  // Of every tenant, at random.
  double rate() {
    return rate_on_one_core([this](Random& random) { get(random.below(tenants_count)); });
  }
  // Of the same tenants again and again, at random.
  double rate_of_some(const std::vector<std::uint64_t>& tenants) {
    return rate_on_one_core([&](Random& random) { get(tenants[random.below(tenants.size())]); });
  }
  // So many different ones, spread over all.
  std::vector<std::uint64_t> some(std::uint64_t count) const {
    std::vector<std::uint64_t> tenants;
    for (std::uint64_t i = 0; i < count; ++i) tenants.push_back(i * (tenants_count / count));
    return tenants;
  }
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void measure_store(const fs::path& directory, Figures& figures) {
  const Opened store(directory);
  storage::BlobStore& blobs = *store.blobs;
  fill(blobs, kTenants);
  Random fixed(1);
  const std::string bytes = entry_bytes(fixed);
  const auto put = [&](Random& random) {
    require(blobs.put({}, key_of(random.below(kTenants)), bytes, options_of_an_entry()).ok(),
            "put");
  };
  figures.emplace_back("durable_puts_per_second", rate_of(kWriters, put));
  figures.emplace_back("durable_puts_per_second_one_writer", rate_of(1, put));
  figures.emplace_back("embedded_gets_per_second", rate_on_one_core([&](Random& random) {
                         require(blobs.get({}, key_of(random.below(kTenants))).ok(), "get");
                       }));
  figures.emplace_back("get_p99_ms_under_writer", get_p99_ms_under_writer(blobs, kTenants));
  Memory memory(blobs, store.clock, kTenants);
  figures.emplace_back("tier_gets_per_second", memory.rate());
  // What a query does first: whose publication is it, and is what I hold still current?
  telemetry::MetricRegistry metrics;
  const cache::Cache cache(blobs, store.clock, metrics);
  figures.emplace_back("tier_publication_infos_per_second", rate_on_one_core([&](Random& random) {
                         const TenantId tenant("tenant-" + std::to_string(random.below(kTenants)));
                         (void)cache.open_for_queries(tenant).publication_info({});
                       }));
}

void measure_growth(const fs::path& directory, Figures& figures) {
  const Opened few(directory / "few"), many(directory / "many");
  fill(*few.blobs, kFewTenants);
  fill(*many.blobs, kManyTenants);
  const StoppedClock clock;
  Memory few_kept(*few.blobs, clock, kFewTenants), many_kept(*many.blobs, clock, kManyTenants);
  const auto gets = [](storage::BlobStore& blobs, std::uint64_t tenants_count) {
    return rate_on_one_core([&](Random& random) {
      require(blobs.get({}, key_of(random.below(tenants_count))).ok(), "get");
    });
  };
  const auto of_few = few_kept.some(kFewTenants), of_many = many_kept.some(kFewTenants);
  std::vector<double> embedded, tier, all_keys;
  for (int round = 0; round < kRounds; ++round) {
    embedded.push_back(gets(*few.blobs, kFewTenants) / gets(*many.blobs, kManyTenants));
    const double few_rate = few_kept.rate_of_some(of_few);
    const double many_rate = many_kept.rate_of_some(of_many), all_rate = many_kept.rate();
    std::printf(
        "  round %d: memory %.0f gets a second of 100 tenants; %.0f of 100 among 100,000; %.0f of "
        "all 100,000\n",
        round + 1, few_rate, many_rate, all_rate);
    tier.push_back(few_rate / many_rate);
    all_keys.push_back(few_rate / all_rate);
  }
  figures.emplace_back("lookup_ratio_embedded", median(embedded));
  figures.emplace_back("lookup_ratio_tier", median(tier));
  figures.emplace_back("lookup_ratio_tier_all_keys", median(all_keys));
}

int run(int argc, char** argv) {
  const fs::path directory = fs::path(argv[1]) / ("cache-bench-" + std::to_string(::getpid()));
  fs::create_directories(directory);
  Figures figures{{"machine_syncs_per_second", syncs_per_second(directory)}};
  measure_store(directory / "store", figures);
  measure_growth(directory, figures);
  fs::remove_all(directory);
  for (int i = 3; i < argc; ++i) {
    const std::string given = argv[i];
    const std::size_t equals = given.find('=');
    require(equals != std::string::npos, "read NAME=VALUE");
    figures.emplace_back(given.substr(0, equals), std::atof(given.c_str() + equals + 1));
  }
  json::Object of_figures;
  for (const auto& [name, value] : figures) {
    std::printf("%-40s %14.3f\n", name.c_str(), value);
    of_figures[name] = value;
  }
  const json::Object report{{"name", "cache"}, {"machine", machine()}, {"figures", of_figures}};
  std::FILE* const file = std::fopen(argv[2], "w");
  require(file != nullptr, "result file");
  std::fprintf(file, "%s\n", json::write(report).c_str());
  return std::fclose(file) == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: cache_bench FOLDER RESULT.json [NAME=VALUE...]\n");
    return 2;
  }
  return run(argc, argv);
}

// azure_bench PREFIX CONCURRENCY COUNT: puts of 4 KiB through our client, against the account whose
// connection string is on standard input. Prints one JSON line with puts a second, after a warm-up.

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "storage/azure/azure.h"

namespace {

using namespace cloudfolio;
using namespace cloudfolio::storage;

constexpr std::size_t kEntryBytes = 4'096;
constexpr int kWarmUpCount = 300;

// False if a put failed.
bool put_all(BlobStore& blobs, const std::string& prefix, int concurrency, int count) {
  std::atomic<int> next = 0;
  std::atomic<bool> ok = true;
  std::vector<std::thread> threads;
  for (int t = 0; t < concurrency; ++t)
    threads.emplace_back([&] {
      PutOptions options;
      options.content_type = "application/json";
      options.metadata = {{"fingerprint", "4a33519461f1d68f630106eeb114df05"}};
      for (int i = next++; i < count; i = next++) {
        const auto put = blobs.put(Context(), BlobKey(prefix + std::to_string(i)),
                                   std::string(kEntryBytes, 'x'), options);
        if (!put && ok.exchange(false)) std::cerr << put.error().message() << "\n";
      }
    });
  for (auto& thread : threads) thread.join();
  return ok;
}

Status run(const std::string& prefix, int concurrency, int count) {
  std::string connection;
  std::getline(std::cin, connection);
  azure::Options options;
  CF_TRY(options.account, azure::parse_connection_string(connection));
  const SystemClock clock;
  CF_TRY(const auto storage, azure::open(std::move(options), clock));
  CF_TRY(BlobStore* const blobs, storage->blobs("github-cache"));
  if (!put_all(*blobs, prefix + "warm-up-", concurrency, kWarmUpCount))
    return Error(Code::unavailable, "a put failed");
  const auto begin = clock.now();
  if (!put_all(*blobs, prefix, concurrency, count)) return Error(Code::unavailable, "a put failed");
  const std::chrono::duration<double> took = clock.now() - begin;
  std::printf("{\"puts_per_second\": %.1f}\n", count / took.count());
  return Done{};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const auto done = run(argv[1], std::atoi(argv[2]), std::atoi(argv[3]));
  if (done) return 0;
  std::cerr << done.error().message() << "\n";
  return 1;
}

#pragma once
// What the cache's benchmark measures with: threads, pinned or not, and a bar under it all.

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "base/random.h"
#include "storage/blob_store.h"

namespace cloudfolio::bench {

using Steady = std::chrono::steady_clock;
inline constexpr std::size_t kEntryBytes = 4 * kKiB;
inline constexpr auto kMeasured = std::chrono::seconds(3);

double seconds_since(Steady::time_point start);
// Ends the program, saying what failed.
void require(bool ok, const char* what);

using Call = std::function<void(Random&)>;
// Calls a second of one thread that stays on one core.
double rate_on_one_core(const Call& call);
// Calls a second of several threads together, wherever they run.
double rate_of(int threads_count, const Call& call);

storage::BlobKey key_of(std::uint64_t tenant);
storage::PutOptions options_of_an_entry();
std::string entry_bytes(Random& random);
// Syncs of one small write a second: what bounds everything durable that shares no sync.
double syncs_per_second(const std::filesystem::path& folder);
// Of single gets, while one thread writes all the time.
double get_p99_ms_under_writer(storage::BlobStore& blobs, std::uint64_t tenants_count);
std::string machine();

}  // namespace cloudfolio::bench

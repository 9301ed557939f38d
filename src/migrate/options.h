#pragma once
// What is migrated, and how carefully.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/limits.h"

namespace cloudfolio::migrate {

// What happens where the destination has something else that is not from us.
enum class OnConflict : std::uint8_t {
  report,   // It stays, and the report names it.
  replace,  // The source's goes over it; a backup is kept in the journal, and rollback restores it.
};

struct Options {
  std::vector<std::string> containers;
  std::vector<std::string> tables;
  std::filesystem::path journal;  // A folder of this machine (journal.h).
  OnConflict on_conflict = OnConflict::report;
  std::size_t copies_at_once = 16;  // 1 to kCopiesAtOnceMax
  std::uint64_t memory_bytes = 256 * kMiB;
  // Larger blobs pass in pieces, where both stores can.
  std::uint64_t stream_above_bytes = 8 * kMiB;
  std::uint64_t bytes_per_second = 0;  // 0: as fast as it goes
  std::uint64_t items_per_second = 0;
  // A pass that copied something is followed by another, which sees what changed meanwhile.
  std::int64_t passes_max = 5;
  // An error that may pass is tried again after this, then twice this, …
  std::chrono::milliseconds retry_pause{200};
  int attempts_max = 4;
};

inline constexpr std::size_t kCopiesAtOnceMax = 256;

// What a pass saw of the source: all, or what an interrupted one had left.
enum class Coverage : std::uint8_t { whole, rest };

// How far it got; called now and then, by one thread at a time.
struct Step {
  std::string phase;
  std::uint64_t done = 0;
  std::uint64_t total = 0;  // 0: unknown
};
using Watch = std::function<void(const Step&)>;

}  // namespace cloudfolio::migrate
